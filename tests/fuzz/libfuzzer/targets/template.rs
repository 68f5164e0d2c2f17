//! `make fuzz TARGET=template`: what is promised is in `tests/fuzz/src/template.rs`.
#![no_main]

fuzz_libfuzzer::target!(template);
