//! Statements as a person asks for them: any range, asked of the poller in pieces that it can answer in one turn, and added up. Each
//! session is counted by the poller.

use std::collections::VecDeque;

use coverage::{Request, Statement};
use jiff::{SignedDuration, Timestamp};
use session::ApplianceId;

use super::poller::{NoAnswer, Poller};

/// What the poller is asked for at once: a week takes it seconds.
const PIECE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What is too much is asked for in halves, down to this: an appliance with more sessions an hour than one turn can look at is told as
/// what it is.
const PIECE_MIN: SignedDuration = SignedDuration::from_hours(1);

/// From this second on, and before that one.
type Range = (Timestamp, Timestamp);

/// The statement of a range that is not empty. `progress` is told up to when the source's list is compared.
///
/// # Errors
///
/// A [`NoAnswer`]: of one piece, and then there is no statement. What the pieces before it found missing is enqueued all the same.
pub(crate) async fn of(
    poller: &Poller,
    appliance: &ApplianceId,
    range: Range,
    mut progress: impl FnMut(Timestamp),
) -> Result<Option<Statement>, NoAnswer> {
    let mut left = VecDeque::from(pieces(range));
    let mut whole: Option<Statement> = None;
    while let Some((from, to)) = left.pop_front() {
        let request = Request::Statement { appliance: appliance.clone(), from, to };
        match poller.ask::<Statement>(&request).await {
            Ok(piece) => {
                progress(to);
                whole = Some(match whole {
                    Some(before) => sum(before, piece),
                    None => piece,
                });
            }
            Err(NoAnswer::TooMuch) => {
                let Some(halves) = halved((from, to)) else { return Err(NoAnswer::TooMuch) };
                halves.into_iter().rev().for_each(|half| left.push_front(half));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(whole)
}

fn pieces((from, to): Range) -> Vec<Range> {
    let mut pieces = Vec::new();
    let mut begin = from;
    while begin < to {
        let end = begin.checked_add(PIECE).map_or(to, |end| end.min(to));
        pieces.push((begin, end));
        begin = end;
    }
    pieces
}

fn halved((from, to): Range) -> Option<[Range; 2]> {
    let length = to.duration_since(from);
    if length <= PIECE_MIN {
        return None;
    }
    let middle = from.checked_add(SignedDuration::from_secs(length.as_secs() / 2)).ok()?;
    Some([(from, middle), (middle, to)])
}

/// Both ranges as one; the second begins where the first ends.
fn sum(first: Statement, second: Statement) -> Statement {
    let mut exceptions = first.exceptions;
    exceptions.extend(second.exceptions);
    Statement {
        appliance: first.appliance,
        from: first.from,
        to: second.to,
        listed: first.listed + second.listed,
        delivered: first.delivered + second.delivered,
        skipped: first.skipped + second.skipped,
        ignored: first.ignored + second.ignored,
        unmatched: first.unmatched + second.unmatched,
        refused: first.refused + second.refused,
        in_doubt: first.in_doubt + second.in_doubt,
        waiting: first.waiting + second.waiting,
        given_up: first.given_up + second.given_up,
        missing: first.missing + second.missing,
        healed: first.healed + second.healed,
        exceptions,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Whether the pieces follow each other without a gap over all of the range.
    fn covers(pieces: &[Range], (from, to): Range) -> bool {
        pieces.first().unwrap().0 == from
            && pieces.last().unwrap().1 == to
            && pieces.windows(2).all(|pair| pair[0].1 == pair[1].0)
            && pieces.iter().all(|(from, to)| from < to)
    }

    #[test]
    fn pieces_cover_the_range_without_gap_and_overlap() {
        for (from, to, count) in [
            ("2026-11-25T00:00:00Z", "2026-11-25T00:00:01Z", 1),
            ("2026-11-18T00:00:00Z", "2026-11-25T00:00:00Z", 1),
            ("2026-11-18T00:00:00Z", "2026-11-25T00:00:01Z", 2),
            ("2026-08-27T00:00:00Z", "2026-11-25T00:00:00Z", 13),
        ] {
            let range = (at(from), at(to));
            let pieces = pieces(range);
            assert!(covers(&pieces, range) && pieces.len() == count, "{pieces:?}");
        }
    }

    #[test]
    fn what_is_too_much_is_halved_down_to_an_hour() {
        let mut range = (at("2026-11-18T00:00:00Z"), at("2026-11-25T00:00:00Z"));
        let mut times = 0;
        while let Some(halves) = halved(range) {
            assert!(covers(&halves, range), "{halves:?}");
            range = halves[1];
            times += 1;
        }
        assert_eq!(times, 8, "168 hours to less than one");
    }

    #[test]
    fn numbers_of_two_pieces_add_up() {
        let piece = |from: &str, to: &str, delivered: u64, missing: u64| {
            let zero = serde_json::json!({
                "appliance": "default", "from": from, "to": to, "listed": delivered + missing, "delivered": delivered, "skipped": 0,
                "ignored": 0, "unmatched": 0, "refused": 0, "in_doubt": 0, "waiting": 0, "given_up": 0, "missing": missing, "healed": 1,
                "exceptions": []
            });
            serde_json::from_value::<Statement>(zero).unwrap()
        };
        let whole = sum(
            piece("2026-11-18T00:00:00Z", "2026-11-25T00:00:00Z", 40, 2),
            piece("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z", 5, 1),
        );
        assert_eq!((whole.listed, whole.delivered, whole.missing, whole.healed), (48, 45, 3, 2));
        assert_eq!((whole.from, whole.to), (at("2026-11-18T00:00:00Z"), at("2026-11-26T00:00:00Z")));
    }
}
