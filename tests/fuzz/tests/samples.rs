//! What `make fuzz` begins with keeps every promise: each sample, cut and repeated a little, and each input that once broke one. So a
//! target cannot rot between two long runs, and what was found stays repaired. Finds nothing new: that is the fuzzer's business.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use fuzz::{Samples, TARGETS, Target};

fn checkout() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Says which input it was, for the promise that a panic names is the same for thousands.
fn run(target: &Target, what: &str, input: &[u8]) {
    let outcome = std::panic::catch_unwind(|| (target.run)(input));
    assert!(outcome.is_ok(), "{} with {what}: {}", target.name, String::from_utf8_lossy(&input[..input.len().min(2000)]));
}

#[test]
fn every_sample_keeps_every_promise() {
    for target in &TARGETS {
        let seeds = (target.seeds)(&Samples::of(checkout()));
        assert!(seeds.len() >= 4, "{} has nothing to begin with", target.name);
        for (number, seed) in seeds.iter().enumerate() {
            run(target, &format!("seed {number}"), seed);
            for part in 1..8 {
                run(target, &format!("{part}/8 of seed {number}"), &seed[..seed.len() * part / 8]);
            }
        }
        run(target, "nothing", b"");
    }
}

#[test]
fn whatever_broke_a_promise_once_keeps_it_now() {
    for target in &TARGETS {
        for input in Samples::of(checkout()).found(target.name) {
            run(target, "what was found", &input);
        }
    }
}

#[test]
fn every_target_has_a_binary_and_a_name_of_its_own() {
    let names: HashSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len());
    let folder = checkout().join("tests/fuzz/libfuzzer");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    for name in names {
        assert!(folder.join(format!("targets/{name}.rs")).exists(), "libfuzzer/targets/{name}.rs is missing");
        assert!(manifest.contains(&format!("targets/{name}.rs")), "libfuzzer/Cargo.toml has no binary {name}");
    }
}
