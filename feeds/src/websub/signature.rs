//! Whether a push was signed with the secret that only the hub was told.

use aws_lc_rs::hmac::{
    Algorithm, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key, verify,
};

/// Bytes of the longest digest.
const DIGEST_BYTES_MAX: usize = 64;

/// Whether `header` (the value of `X-Hub-Signature`, `method=hexadecimal`) signs exactly this body.
/// No header, an unknown method and a digest of another length sign nothing. Digests are compared in
/// constant time.
#[must_use]
pub fn is_signed(secret: &str, header: Option<&str>, body: &[u8]) -> bool {
    let Some((method, digest)) = header.and_then(|header| header.trim().split_once('=')) else {
        return false;
    };
    let (Some(algorithm), Some(digest)) = (algorithm(method), from_hexadecimal(digest)) else {
        return false;
    };
    verify(&Key::new(algorithm, secret.as_bytes()), body, &digest).is_ok()
}

/// The methods of the specification. SHA-1 is weak as a hash; nobody can forge its HMAC.
fn algorithm(method: &str) -> Option<Algorithm> {
    match method.to_ascii_lowercase().as_str() {
        "sha1" => Some(HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        "sha256" => Some(HMAC_SHA256),
        "sha384" => Some(HMAC_SHA384),
        "sha512" => Some(HMAC_SHA512),
        _ => None,
    }
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 2 * DIGEST_BYTES_MAX || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // RFC 2202 and RFC 4231, test case 2.
    const SECRET: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const SIGNATURES: [&str; 4] = [
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ];

    #[test]
    fn the_four_methods_are_checked() {
        for signature in SIGNATURES {
            assert!(is_signed(SECRET, Some(signature), BODY), "{signature}");
            assert!(is_signed(SECRET, Some(&signature.to_uppercase()), BODY), "{signature}");
            assert!(!is_signed(SECRET, Some(signature), b"something else"), "{signature}");
            assert!(!is_signed("another", Some(signature), BODY), "{signature}");
        }
    }

    #[test]
    fn what_is_no_signature_signs_nothing() {
        let sha256 = SIGNATURES[1].split_once('=').expect("two parts").1;
        let half = &SIGNATURES[1][..SIGNATURES[1].len() - 2];
        let (md5, none) = (format!("md5={sha256}"), format!("={sha256}"));
        for header in [md5.as_str(), none.as_str(), half, sha256, "sha256=", "sha1=zz", "", "="] {
            assert!(!is_signed(SECRET, Some(header), BODY), "{header}");
        }
        assert!(!is_signed(SECRET, None, BODY));
    }

    proptest! {
        #[test]
        fn one_changed_digit_is_enough(at in 0_usize..64, digit in "[0-9a-f]") {
            let mut header = SIGNATURES[1].to_owned();
            let place = "sha256=".len() + at;
            let same = header[place..].starts_with(&digit);
            header.replace_range(place..=place, &digit);
            prop_assert_eq!(is_signed(SECRET, Some(&header), BODY), same);
        }

        #[test]
        fn no_header_is_too_odd(header in "(sha[0-9]{1,3}=)?[0-9a-zé=]{0,140}") {
            prop_assert!(!is_signed("a secret of another kind", Some(&header), BODY));
        }
    }
}
