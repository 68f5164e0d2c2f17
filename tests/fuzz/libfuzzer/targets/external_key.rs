//! `make fuzz TARGET=external_key`: what is promised is in `tests/fuzz/src/external_key.rs`.
#![no_main]

fuzz_libfuzzer::target!(external_key);
