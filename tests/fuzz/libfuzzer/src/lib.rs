//! Makes a binary of a target: libFuzzer as its `main`, and an allocator that stops where the target's bound on memory is.
//!
//! Not a member of the workspace: it is built with the compiler's coverage instrumentation, and nothing of it is ever deployed.

use std::alloc::System;

pub use cap::Cap;
pub use libfuzzer_sys;

/// The allocator of every target: what Rust code takes is counted, what libFuzzer itself takes is not.
pub type Counted = Cap<System>;

/// No bound yet.
#[must_use]
pub const fn counted() -> Counted {
    Cap::new(System, usize::MAX)
}

/// From now on no more than that may be taken at any time; an attempt ends the process, and libFuzzer keeps the input. A panic has
/// all the memory that it wants, or it could not say where it was.
pub fn bound(memory: &'static Counted, target: &fuzz::Target) {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        memory.set_limit(usize::MAX).expect("more is always possible");
        abort(panic);
    }));
    memory.set_limit(memory.allocated() + target.memory_bytes_max).expect("the bound is above what is taken now");
}

/// The binary of the target in that module of `fuzz`.
#[macro_export]
macro_rules! target {
    ($module:ident) => {
        #[global_allocator]
        static MEMORY: $crate::Counted = $crate::counted();

        libfuzzer_sys::fuzz_target!(
            init: $crate::bound(&MEMORY, &fuzz::$module::TARGET),
            |input: &[u8]| fuzz::$module::run(input)
        );
    };
}
