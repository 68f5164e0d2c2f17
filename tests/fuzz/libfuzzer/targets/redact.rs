//! `make fuzz TARGET=redact`: what is promised is in `tests/fuzz/src/redact.rs`.
#![no_main]

fuzz_libfuzzer::target!(redact);
