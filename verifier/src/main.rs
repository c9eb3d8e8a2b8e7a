//! The verifier's program.

fn main() -> std::process::ExitCode {
    fugong_verifier::cli::main()
}
