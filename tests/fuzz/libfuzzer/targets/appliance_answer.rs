//! `make fuzz TARGET=appliance_answer`: what is promised is in `tests/fuzz/src/appliance_answer.rs`.
#![no_main]

fuzz_libfuzzer::target!(appliance_answer);
