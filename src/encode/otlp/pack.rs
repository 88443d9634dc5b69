//! Lays resources into batches until one is full.
//!
//! A request of many resources is, byte for byte, the requests of each of them one after the other, because
//! repeated fields of protobuf add up. So no batch is ever held as messages.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics;
use prost::Message;

use super::split::{halves, points};
use crate::encode::Batch;
use crate::encode::influx::Limits;

#[derive(Debug)]
pub(super) struct Packer {
    limits: Limits,
    body: Vec<u8>,
    points: usize,
    full: Vec<Batch>,
}

impl Packer {
    pub(super) fn new(limits: Limits) -> Packer {
        Packer { limits, body: Vec::new(), points: 0, full: Vec::new() }
    }

    pub(super) fn add(&mut self, resource: ResourceMetrics) {
        self.add_request(ExportMetricsServiceRequest { resource_metrics: vec![resource] });
    }

    pub(super) fn finish(mut self) -> Vec<Batch> {
        self.close();
        self.full
    }

    /// A resource that is larger than a whole batch is cut; a single point goes however long it is.
    fn add_request(&mut self, request: ExportMetricsServiceRequest) {
        let (points, bytes) = (points(&request), request.encoded_len());
        let is_too_large = points > self.limits.points || bytes > self.limits.bytes;
        let request = if is_too_large {
            match halves(request) {
                Ok([left, right]) => {
                    self.add_request(left);
                    return self.add_request(right);
                }
                Err(single) => single,
            }
        } else {
            request
        };
        if self.points + points > self.limits.points || self.body.len() + bytes > self.limits.bytes {
            self.close();
        }
        self.body.extend_from_slice(&request.encode_to_vec());
        self.points += points;
    }

    fn close(&mut self) {
        if self.points > 0 {
            let body = std::mem::take(&mut self.body);
            self.full.push(Batch { body: body.into(), points: self.points as u64 });
        }
        self.points = 0;
    }
}
