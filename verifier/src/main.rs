//! The verifier's program.

use mimalloc::MiMalloc;

/// Thousands of small allocations a scan, freed by other threads than made them: the system's own takes a quarter of the
/// time for that.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    fugong_verifier::cli::main()
}
