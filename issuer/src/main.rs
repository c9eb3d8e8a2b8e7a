fn main() -> std::process::ExitCode {
    fugong_issuer::cli::main()
}
