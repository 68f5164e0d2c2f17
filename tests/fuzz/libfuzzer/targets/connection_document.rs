//! `make fuzz TARGET=connection_document`: what is promised is in `tests/fuzz/src/connection_document.rs`.
#![no_main]

fuzz_libfuzzer::target!(connection_document);
