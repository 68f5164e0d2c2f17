//! `make fuzz TARGET=report`: what is promised is in `tests/fuzz/src/report.rs`.
#![no_main]

fuzz_libfuzzer::target!(report);
