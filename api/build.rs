//! Makes a release build notice a page that was built after the crate was.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Debug builds read the page from disk; watching a folder that is not there would make every
    // one of them compile this crate again.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../web/dist");
    }
}
