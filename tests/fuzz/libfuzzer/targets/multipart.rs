//! `make fuzz TARGET=multipart`: what is promised is in `tests/fuzz/src/multipart.rs`.
#![no_main]

fuzz_libfuzzer::target!(multipart);
