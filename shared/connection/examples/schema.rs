//! Prints the JSON Schema of the connection document: `cargo run -p connection --example schema`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    println!("{:#}", connection::json_schema());
}
