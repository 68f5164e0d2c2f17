//! `make fuzz TARGET=autotask_answer`: what is promised is in `tests/fuzz/src/autotask_answer.rs`.
#![no_main]

fuzz_libfuzzer::target!(autotask_answer);
