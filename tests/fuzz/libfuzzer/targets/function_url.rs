//! `make fuzz TARGET=function_url`: what is promised is in `tests/fuzz/src/function_url.rs`.
#![no_main]

fuzz_libfuzzer::target!(function_url);
