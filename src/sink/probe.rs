//! One request without points: whether a server would take ours, and what to mend where it would not.

use super::handle::Plan;
use super::http::Client;
use super::parcel::Parcel;
use super::protocol::Verdict;
use crate::encode::Batch;

/// Why a sink would not deliver now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub detail: String,
    pub remedy: String,
}

impl Plan {
    /// Asks the server that is preferred; `Ok` says what it answered.
    pub async fn probe(&self) -> Result<String, Obstacle> {
        let mut client = Client::new(self.kind, &self.name, self.servers.clone())
            .map_err(|error| obstacle(error.to_string(), "correct what it names"))?;
        let server = client.server().to_owned();
        let parcel = Parcel::pack(Batch { body: bytes::Bytes::new(), points: 0 }, self.packing, self.form);
        let outgoing = self.protocol.probe(&parcel);
        let reply = match client.send(&outgoing).await {
            Ok(reply) => reply,
            Err(error) => {
                let text = format!("{server}: {error}");
                // What is wrong with a certificate ends with what mends it.
                return Err(match text.rsplit_once("; ") {
                    Some((detail, remedy)) => obstacle(detail.to_owned(), remedy),
                    None => obstacle(text, "start the server or let us through to it, or correct url"),
                });
            }
        };
        let status = reply.status.as_u16();
        match reply.verdict(&*self.protocol, &parcel) {
            Verdict::Hold { mend, remedy } => {
                let (detail, mend) = mend.rsplit_once(": ").unwrap_or((&mend, "correct the sink's settings"));
                if remedy {
                    return Ok(format!("{server}: {detail} yet; it will be created"));
                }
                Err(obstacle(format!("{server}: {detail} (status {status})"), mend))
            }
            Verdict::Retry { .. } => {
                let detail = format!("{server}: the server cannot take data now (status {status})");
                Err(obstacle(detail, "look at the server; what is made meanwhile waits"))
            }
            Verdict::Reject { .. } if !matches!(status, 400 | 422) => {
                let detail = format!("{server}: the server refuses whatever is sent (status {status})");
                Err(obstacle(detail, "correct url, or look at the server"))
            }
            // An answer about the points, of which there were none, comes from a server that would read them.
            _ => Ok(format!("{server}: takes data")),
        }
    }
}

fn obstacle(detail: String, remedy: &str) -> Obstacle {
    Obstacle { detail, remedy: remedy.to_owned() }
}
