//! Every sample of `events/function-url`, as `cargo lambda invoke receiver --data-file` hands it to the real binary: it is answered
//! what its line in `events/README.md` promises.

use simulators::promises;
use simulators::sqs::FakeSqs;

use crate::process::Process;

#[tokio::test]
async fn every_sample_is_answered_as_its_line_promises() {
    let sqs = FakeSqs::start().await;
    let mut process = Process::start(&sqs.url).await;
    for promise in promises::of("function-url") {
        let (status, body) = process.answer(promise.payload).await;
        let answer = if body.is_empty() { format!("{status}, empty") } else { format!("{status} {body}") };
        assert_eq!(answer, promise.answer, "{}", promise.name);
    }
    process.end();
}
