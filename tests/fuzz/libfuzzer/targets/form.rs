//! `make fuzz TARGET=form`: what is promised is in `tests/fuzz/src/form.rs`.
#![no_main]

fuzz_libfuzzer::target!(form);
