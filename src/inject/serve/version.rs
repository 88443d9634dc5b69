//! Which version the cluster has: older ones know no native sidecars.

use serde::Deserialize;
use serde::de::Error;

use crate::source::api_server::{ApiError, ApiServer};

const PATH: &str = "/version";
const LIMIT_BYTES: usize = 64 << 10;

/// Numbers as texts, such as `28+`.
#[derive(Deserialize)]
struct Version {
    major: String,
    minor: String,
}

/// Major and minor.
pub(super) async fn read(server: &ApiServer) -> Result<(u32, u32), ApiError> {
    let mut body = Vec::new();
    server.get(PATH, LIMIT_BYTES, &mut body).await?;
    parse(&body).map_err(|error| server.unreadable(PATH, &error))
}

fn parse(body: &[u8]) -> Result<(u32, u32), serde_json::Error> {
    let Version { major, minor } = serde_json::from_slice(body)?;
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse().map_err(|_| Error::custom(format_args!("{text:?} is no number of a version")))
    };
    Ok((number(&major)?, number(&minor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_add_to_the_number() {
        assert_eq!(parse(br#"{"major":"1","minor":"28+","gitVersion":"v1.28.3"}"#).unwrap(), (1, 28));
        for body in [r"{}", r#"{"major":"1","minor":""}"#, r#"{"major":"v1","minor":"2"}"#, "<html>"] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
