//! Which host a tenant lives on: reading the answer of zone discovery, and whether to trust it with the credentials. Pure; the
//! call itself is in `transport`.
//!
//! Autotask spreads its tenants over numbered hosts and moves some now and then. The list of hosts is never built in: two other
//! clients broke when a new one was opened.

use url::Url;

use super::row::Row;

/// The path below which the API lies (vendor reference). One client found it to be case-sensitive on one zone.
const API_PATH: &str = "ATServicesRest";
/// The version that this client speaks. A newer one is offered without zone discovery, and clients that took it broke.
pub(super) const VERSION: &str = "V1.0";
/// Where all zones are.
const VENDOR_DOMAIN: &str = ".autotask.net";

/// The address in the one form used here: the API's own path, with a slash at the end and without version or query, so that paths
/// of entities can be joined to it.
pub(super) fn normalised(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let mut path = url.path().trim_end_matches('/').to_owned();
    cut_last(&mut path, VERSION);
    if last_is(&path, API_PATH) {
        path.push('/');
    } else {
        path = format!("{path}/{API_PATH}/");
    }
    url.set_path(&path);
    url
}

fn last_is(path: &str, part: &str) -> bool {
    path.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(part))
}

fn cut_last(path: &mut String, part: &str) {
    if last_is(path, part) {
        path.truncate(path.len() - part.len());
        path.truncate(path.trim_end_matches('/').len());
    }
}

/// Where to ask for the zone of a user; the name is encoded (`+` and `@` are common in it).
pub(super) fn question(discovery: &Url, username: &str) -> Url {
    let mut url = discovery.join(&format!("{VERSION}/zoneInformation")).expect("a constant path below an address");
    url.query_pairs_mut().append_pair("user", username);
    url
}

/// The zone named by an answer.
///
/// # Errors
/// With what is wrong with it, as a fragment for a sentence: no address, or one to which the credentials must not go.
pub(super) fn from_answer(answer: &Row<'_>, discovery: &Url, allow_plain_http: bool) -> Result<Url, &'static str> {
    let named = answer.text("url").ok_or("the answer names no url")?;
    let url = Url::parse(named).map_err(|_| "the answer's url is none")?;
    match url.scheme() {
        "https" => {}
        "http" if allow_plain_http => {}
        _ => return Err("the answer names an address that is not https"),
    }
    let host = url.host_str().unwrap_or_default();
    if host.ends_with(VENDOR_DOMAIN) || Some(host) == discovery.host_str() {
        Ok(normalised(&url))
    } else {
        Err("the answer names a host outside autotask.net")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn discovered(named: &str, discovery: &str, allow_plain_http: bool) -> Result<Url, &'static str> {
        let answer = json!({ "zoneName": "Invented", "URL": named, "webUrl": "https://ww19.autotask.net/", "ci": 4242 });
        from_answer(&Row::new(&answer).unwrap(), &url(discovery), allow_plain_http)
    }

    const VENDOR: &str = "https://webservices.autotask.net/ATServicesRest/";

    #[test]
    fn every_spelling_of_an_address_means_the_same() {
        for text in [
            "https://webservices19.autotask.net",
            "https://webservices19.autotask.net/",
            "https://webservices19.autotask.net/ATServicesRest",
            "https://webservices19.autotask.net/ATServicesRest/",
            "https://webservices19.autotask.net/ATServicesRest/V1.0",
            "https://webservices19.autotask.net/ATServicesRest/v1.0/?x=1#y",
        ] {
            assert_eq!(normalised(&url(text)).as_str(), "https://webservices19.autotask.net/ATServicesRest/", "{text}");
        }
        assert_eq!(normalised(&url("http://127.0.0.1:1/t/demo")).as_str(), "http://127.0.0.1:1/t/demo/ATServicesRest/");
        assert_eq!(normalised(&url("https://h.example/atservicesrest")).as_str(), "https://h.example/atservicesrest/");
    }

    #[test]
    fn user_name_is_encoded() {
        let asked = question(&url(VENDOR), "api+bridge@acme.example&x");
        assert_eq!(
            asked.as_str(),
            "https://webservices.autotask.net/ATServicesRest/V1.0/zoneInformation?user=api%2Bbridge%40acme.example%26x"
        );
    }

    #[test]
    fn zone_of_the_vendor_is_taken_with_and_without_slash() {
        for named in ["https://webservices6.autotask.net/ATServicesRest/", "https://webservices6.autotask.net/ATServicesRest"] {
            assert_eq!(discovered(named, VENDOR, false).unwrap().host_str(), Some("webservices6.autotask.net"));
        }
    }

    #[test]
    fn credentials_never_go_to_another_host() {
        for named in [
            "https://webservices6.autotask.net.evil.example/ATServicesRest/",
            "https://evilautotask.net/ATServicesRest/",
            "https://example.com/.autotask.net/",
            "https://webservices6.autotask.net@example.com/",
            "http://webservices6.autotask.net/ATServicesRest/",
            "//webservices6.autotask.net/",
            "",
        ] {
            assert!(discovered(named, VENDOR, false).is_err(), "{named}");
        }
        assert!(discovered("http://example.com/ATServicesRest/", "http://127.0.0.1:4581/", true).is_err());
    }

    #[test]
    fn host_that_was_asked_may_name_itself() {
        let zone = discovered("http://127.0.0.1:4581/t/demo/ATServicesRest/", "http://127.0.0.1:4581/", true).unwrap();
        assert_eq!(zone.as_str(), "http://127.0.0.1:4581/t/demo/ATServicesRest/");
        assert!(discovered("http://127.0.0.1:4581/ATServicesRest/", "https://127.0.0.1/", false).is_err());
    }
}
