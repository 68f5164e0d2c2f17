//! Settings with which no client is made, and what is never shown of them.

use super::*;

fn refusal(config: ApplianceConfig) -> String {
    match ApplianceClient::new(config) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn url_is_a_secure_address_and_nothing_else() {
    let of = |url: &str, allow_plain_http| refusal(ApplianceConfig { allow_plain_http, ..config(url) });
    assert_eq!(of("https://support.example.com", false), "accepted");
    assert_eq!(of(" https://support.example.com:8443/prefix/ ", false), "accepted");
    assert_eq!(of("http://support.example.com", true), "accepted");
    assert_eq!(of("http://support.example.com", false), "`url` begins with http://, which needs `allow_plain_http`");
    for scheme in ["ftp://support.example.com", "file:///etc/passwd", "mailto:a@example.com", "support.example.com:443"] {
        assert_eq!(of(scheme, true), "`url` must begin with https://", "{scheme}");
    }
    for extra in ["https://user:pw@support.example.com", "https://support.example.com/?a=b", "https://support.example.com/#c"] {
        assert_eq!(of(extra, true), "`url` must hold nothing but a host, a port and a path", "{extra}");
    }
}

#[tokio::test]
async fn other_settings_are_checked_too() {
    let base = || config("https://support.example.com");
    for pem in ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let refused = refusal(ApplianceConfig { ca_certificate: Some(pem.to_owned()), ..base() });
        assert_ne!(refused, "accepted", "{pem}");
    }
    let no_pem = ApplianceConfig { ca_certificate: Some("not a certificate".to_owned()), ..base() };
    assert_eq!(refusal(no_pem), "`ca_certificate` holds no certificate in PEM format");
    assert_eq!(
        refusal(ApplianceConfig { locale: Some("en\nus".to_owned()), ..base() }),
        "`locale` is not a language such as en-us"
    );
    assert_eq!(refusal(ApplianceConfig { allow_invalid_certificates: true, ..base() }), "accepted");
}

#[test]
fn secrets_do_not_show_when_settings_are_printed() {
    let password = Credentials::Password { username: "reporter".to_owned(), password: SECRET.into() };
    let printed = format!("{:?} {:?}", config("https://support.example.com"), password);
    assert!(!printed.contains(SECRET), "{printed}");
}

/// A process of its own, for the environment is the process's: it runs one of the other tests with a proxy that does not exist.
#[test]
fn proxy_of_the_environment_is_not_used() {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, "http://127.0.0.1:1");
    }
    for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    let child = child.args(["--exact", "client::tests::calls::report_is_read_as_it_arrives_in_pieces"]).output().unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
}
