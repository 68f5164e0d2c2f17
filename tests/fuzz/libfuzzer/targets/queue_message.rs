//! `make fuzz TARGET=queue_message`: what is promised is in `tests/fuzz/src/queue_message.rs`.
#![no_main]

fuzz_libfuzzer::target!(queue_message);
