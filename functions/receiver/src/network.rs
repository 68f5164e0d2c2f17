//! A network of source addresses, as in `198.51.100.0/24` or `2001:db8::/48`. Knows nothing of who may call from it.

use std::net::IpAddr;
use std::str::FromStr;

/// Some leading bits of an address. IPv4 and IPv6 are two worlds, except that an IPv4 address written as IPv6
/// (`::ffff:198.51.100.7`) is the IPv4 address that it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_length: u32,
}

/// A text that is no network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not <address>/<prefix length>")]
pub struct InvalidNetwork;

impl Network {
    /// Whether the address is in this network.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                leading_bits_equal(network.to_bits().into(), address.to_bits().into(), u32::BITS - self.prefix_length)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                leading_bits_equal(network.to_bits(), address.to_bits(), u128::BITS - self.prefix_length)
            }
            _ => false,
        }
    }
}

/// Whether two numbers are equal but for their last `ignored` bits.
fn leading_bits_equal(one: u128, other: u128, ignored: u32) -> bool {
    // With all 128 bits ignored the shift would overflow, and then everything is equal.
    (one ^ other).checked_shr(ignored).unwrap_or(0) == 0
}

/// Bits after the prefix are allowed and without meaning: `198.51.100.7/24` is `198.51.100.0/24`.
impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, prefix_length) = text.split_once('/').ok_or(InvalidNetwork)?;
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        // `u32::from_str` would take "+8" too.
        if !prefix_length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidNetwork);
        }
        let prefix_length: u32 = prefix_length.parse().map_err(|_| InvalidNetwork)?;
        let longest = if address.is_ipv4() { u32::BITS } else { u128::BITS };
        if prefix_length > longest {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, prefix_length })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network: Network = network.parse().unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected, "{address} in {network:?}");
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/",
            "198.51.100.7",
            "198.51.100.7/",
            "198.51.100.7/33",
            "198.51.100.7/-1",
            "198.51.100.7/+8",
            "198.51.100/24",
            "198.51.100.7/8/8",
            "2001:db8::/129",
            "2001:db8::",
            "example.com/24",
            " 198.51.100.7/24",
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork), "{text}");
        }
    }

    #[test]
    fn ipv4_network_holds_its_own_addresses_only() {
        check("198.51.100.7/32", "198.51.100.7", true);
        check("198.51.100.7/32", "198.51.100.6", false);
        check("198.51.100.0/25", "198.51.100.127", true);
        check("198.51.100.0/25", "198.51.100.128", false);
        check("198.51.100.7/24", "198.51.100.200", true);
        check("0.0.0.0/0", "203.0.113.9", true);
    }

    #[test]
    fn ipv6_network_holds_its_own_addresses_only() {
        check("2001:db8::/48", "2001:db8:0:ffff::1", true);
        check("2001:db8::/48", "2001:db8:1::1", false);
        check("2001:db8::1/128", "2001:db8::1", true);
        check("2001:db8::1/128", "2001:db8::2", false);
        check("::/0", "2001:db8::1", true);
    }

    #[test]
    fn the_two_families_are_apart_but_for_mapped_addresses() {
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::/0", "198.51.100.7", false);
        check("198.51.100.0/24", "::ffff:198.51.100.7", true);
        check("::/0", "::ffff:198.51.100.7", false);
    }
}
