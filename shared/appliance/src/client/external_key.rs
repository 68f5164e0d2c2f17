//! The command that gives a running session its external key (`set_session_attributes`), and what the appliance answers. The only thing
//! that we ever change on an appliance; whether to is for the caller to say.

use std::time::Duration;

use session::{Failure, Lsid, Sentence};

use super::ApplianceClient;
use super::command_answer::Element;

const ACTION: &str = "set_session_attributes";
/// A command that succeeded answers `<success>`, another `<error>`, both with status 200.
const ROOT: &str = "success";

/// What to do where the account may not.
const REMEDY: &str = "give the API account full access to the Command API (Management > API Configuration on the appliance), or type the \
                      ticket's number into the session's external key";

impl ApplianceClient {
    /// Gives the session that external key. Other attributes keep their values (vendor reference).
    ///
    /// # Errors
    ///
    /// [`Failure::Blocked`] if the account may not; [`Failure::NotReady`] or [`Failure::Unrecognised`] if the session is not active, in
    /// the appliance's words (which are not documented); otherwise as [`fetch_report`](Self::fetch_report). Giving it again does no harm.
    pub async fn set_external_key(&self, lsid: &Lsid, key: &str, time_left: Duration) -> Result<(), Failure> {
        let form = [("action", ACTION), ("lsid", lsid.as_str()), ("session.custom.external_key", key)];
        succeeded(self.command_answer(ACTION, ROOT, &form, time_left).await)
    }
}

/// What became of it; the right that is missing is another one than a report's.
fn succeeded(answer: Result<Vec<Element>, Failure>) -> Result<(), Failure> {
    match answer {
        Ok(_) => Ok(()),
        Err(Failure::Blocked { sentence, .. }) => Err(Failure::Blocked { sentence, remedy: Sentence::new(REMEDY) }),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_answer::read;
    use super::*;

    fn read_from(body: &[u8]) -> Result<(), Failure> {
        succeeded(read(body, ACTION, ROOT))
    }

    fn answered(root: &str, text: &str) -> Result<(), Failure> {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"http://www.bomgar.com/namespaces/API/command\">{text}</{root}>"
        );
        read_from(body.as_bytes())
    }

    #[test]
    fn success_and_error_are_told_apart_by_the_root() {
        assert_eq!(answered("success", "Session attributes were set"), Ok(()));
        assert!(matches!(
            answered("error", "The session is not active."),
            Err(Failure::Unrecognised { .. } | Failure::NotReady { .. })
        ));
        assert!(matches!(answered("session_list", ""), Err(Failure::Unreadable { .. })));
    }

    #[test]
    fn missing_right_names_where_to_grant_it() {
        let refused = answered("error", "You do not have permission to execute this command.");
        let Err(Failure::Blocked { remedy, .. }) = refused else { panic!("{refused:?}") };
        assert!(remedy.as_str().contains("Command API"));
    }

    #[test]
    fn what_is_no_answer_of_the_command_api_is_unreadable() {
        for body in ["", "<success", "<html><body>success</body></html>", "<!DOCTYPE x><success/>", "not XML"] {
            assert!(matches!(read_from(body.as_bytes()), Err(Failure::Unreadable { .. })), "{body}");
        }
    }
}
