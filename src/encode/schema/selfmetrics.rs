//! The agent's families about itself: build, process, sampler, sources, server, sinks.

use crate::model::ledger::Ledger;
use crate::model::report::{AgentReport, SinkReport, SourceReport, SourceState, SpoolReport};
use crate::model::snapshot::SamplerStats;
use crate::model::unit::Pace;

use super::{EmitRow, SmallFamily, counter, gauge};

/// From the snapshot. Sorted by name.
#[rustfmt::skip]
pub static SAMPLER: &[SmallFamily<SamplerStats>] = &[
    gauge("podometer_sampler_budget_cores", "CPU budget of the agent.", |s, emit| emit(&[], s.budget_cores)),
    counter("podometer_sampler_clock_gaps_total", "Suspends of the machine and steps of its clock.", |s, emit| emit(&[], s.clock_gaps as f64)),
    counter("podometer_sampler_created_units_total", "cgroups taken in.", |s, emit| emit(&[], s.created as f64)),
    gauge("podometer_sampler_denied_siblings", "Containers of the same process namespace that may not be read: another user's.", |s, emit| emit_some(emit, s.denied_siblings.map(|n| n as f64))),
    counter("podometer_sampler_event_overflows_total", "Overflows of the event queue, each followed by a rescan.", |s, emit| emit(&[], s.event_overflows as f64)),
    counter("podometer_sampler_events_total", "Events of cgroups that came and went.", |s, emit| emit(&[], s.events as f64)),
    gauge("podometer_sampler_held_files", "cgroup files held open.", |s, emit| emit(&[], s.held_files as f64)),
    gauge("podometer_sampler_held_files_limit", "Largest number of cgroup files held open.", |s, emit| emit(&[], s.held_files_limit as f64)),
    gauge("podometer_sampler_held_kernel_bytes", "Kernel memory pinned by the held files.", |s, emit| emit(&[], s.held_kernel_bytes as f64)),
    gauge("podometer_sampler_interval_seconds", "Interval in force of each class of files, after the budget governor.", |s, emit| by_pace(emit, |pace| s.intervals[pace as usize].as_secs_f64())),
    gauge("podometer_sampler_max_read_seconds", "Longest read since start: the bound on the error of every timestamp.", |s, emit| emit(&[], s.max_read_seconds)),
    counter("podometer_sampler_missed_ticks_total", "Deadlines that had passed before work on them could start.", |s, emit| emit(&[], s.missed_ticks as f64)),
    counter("podometer_sampler_parse_faults_total", "Lines that could not be read.", |s, emit| emit(&[], s.parse_faults as f64)),
    counter("podometer_sampler_pass_cpu_seconds_total", "CPU time spent in passes over the files of a class.", |s, emit| by_pace(emit, |pace| s.pass_cpu_seconds[pace as usize])),
    counter("podometer_sampler_passes_total", "Passes over the files of a class.", |s, emit| by_pace(emit, |pace| s.passes[pace as usize] as f64)),
    gauge("podometer_sampler_process_cores", "CPU use of the whole agent over the last governor period.", |s, emit| emit(&[], s.process_cores)),
    counter("podometer_sampler_read_faults_total", "Reads refused by the kernel.", |s, emit| emit(&[], s.read_faults as f64)),
    counter("podometer_sampler_refused_units_total", "cgroups beyond the bound on their number.", |s, emit| emit(&[], s.refused_units as f64)),
    counter("podometer_sampler_removed_units_total", "cgroups that are gone.", |s, emit| emit(&[], s.removed as f64)),
    counter("podometer_sampler_reopened_files_total", "Files opened for one read because too many were held.", |s, emit| emit(&[], s.reopened_files as f64)),
    counter("podometer_sampler_rescans_total", "Walks over the whole tree.", |s, emit| emit(&[], s.rescans as f64)),
    counter("podometer_sampler_resets_total", "Readings of the kernel that went down.", |s, emit| emit(&[], s.counter_resets as f64)),
    counter("podometer_sampler_ticks_total", "Ticks of the sampler.", |s, emit| emit(&[], s.ticks as f64)),
    counter("podometer_sampler_vanished_files_total", "Files that vanished while being read.", |s, emit| emit(&[], s.vanished as f64)),
    gauge("podometer_sampler_watches", "Directories watched.", |s, emit| emit(&[], s.watches as f64)),
];

/// From the agent. Sorted by name.
#[rustfmt::skip]
pub static AGENT: &[SmallFamily<AgentReport>] = &[
    gauge("podometer_build_info", "Always 1; the label is the version.", |r, emit| emit(&[("version", r.version)], 1.0)),
    gauge("podometer_scope_info", "1 for what the readings cover: the node, one pod, siblings of the agent's container, that container alone or nothing.", |r, emit| if !r.scope.is_empty() { emit(&[("scope", r.scope)], 1.0) }),
    gauge("podometer_server_connections", "Connections open.", |r, emit| emit(&[], r.server.connections as f64)),
    counter("podometer_server_compressions_total", "Compressed bodies asked for, built or shared between scrapers.", |r, emit| {
        emit(&[("result", "built")], r.server.compressions as f64);
        emit(&[("result", "shared")], r.server.compressions_shared as f64);
    }),
    counter("podometer_server_cut_off_connections_total", "Connections ended by the server.", |r, emit| by_label(emit, "reason", &r.server.cut_off)),
    counter("podometer_server_errors_total", "Requests answered with an error.", |r, emit| by_label(emit, "code", &r.server.errors)),
    counter("podometer_server_requests_total", "Requests answered.", |r, emit| by_label(emit, "route", &r.server.requests)),
    counter("podometer_server_response_bytes_total", "Bytes of response bodies sent.", |r, emit| emit(&[], r.server.response_bytes as f64)),
    counter("podometer_sink_acknowledged_bytes_total", "Bytes of request bodies that the server took.", |r, emit| by_sink(r, emit, |s| Some(s.acknowledged_bytes as f64))),
    counter("podometer_sink_acknowledged_points_total", "Points that the server took.", |r, emit| by_sink(r, emit, |s| Some(s.ledger.acknowledged as f64))),
    counter("podometer_sink_dropped_points_total", "Points given up, by reason.", |r, emit| by_sink_reason(r, emit, |l| &l.dropped)),
    counter("podometer_sink_filtered_points_total", "Points that the sink's filter left out.", |r, emit| by_sink(r, emit, |s| Some(s.filtered as f64))),
    gauge("podometer_sink_info", "1 for the state that a sink is in.", sink_info),
    gauge("podometer_sink_memory_bytes", "Bytes that wait in memory.", |r, emit| by_sink(r, emit, |s| Some(s.memory_bytes as f64))),
    counter("podometer_sink_produced_points_total", "Points made: acknowledged + rejected + queued + dropped at every instant.", |r, emit| by_sink(r, emit, |s| Some(s.ledger.produced as f64))),
    gauge("podometer_sink_queued_points", "Points waiting, in flight or between retries.", |r, emit| by_sink(r, emit, |s| Some(s.ledger.queued as f64))),
    counter("podometer_sink_rejected_points_total", "Points that the server refused for good, by reason.", |r, emit| by_sink_reason(r, emit, |l| &l.rejected)),
    gauge("podometer_sink_request_duration_seconds", "How long the last request took.", |r, emit| by_sink(r, emit, |s| s.write_time_ns.map(|ns| ns as f64 / 1e9))),
    counter("podometer_sink_request_errors_total", "Requests without success.", |r, emit| by_sink(r, emit, |s| Some(s.errors as f64))),
    counter("podometer_sink_requests_total", "Requests that were begun.", |r, emit| by_sink(r, emit, |s| Some(s.requests as f64))),
    counter("podometer_sink_retries_total", "Pauses after a failure.", |r, emit| by_sink(r, emit, |s| Some(s.retries as f64))),
    gauge("podometer_source_age_seconds", "Age of the last good reading.", |r, emit| by_source(r, emit, |s| s.age_seconds)),
    gauge("podometer_source_duration_seconds", "How long the last reading took.", |r, emit| by_source(r, emit, |s| s.duration_seconds)),
    counter("podometer_source_faults_total", "Faults of a source.", |r, emit| by_source(r, emit, |s| Some(s.faults as f64))),
    gauge("podometer_source_info", "1 for the state that a source is in, with its reason and the values that come from it.", source_info),
    gauge("podometer_source_up", "1 while a source gives values, in whole or in part.", |r, emit| by_source(r, emit, |s| Some(f64::from(u8::from(s.state != SourceState::Down))))),
    gauge("podometer_spool_bytes", "Bytes of a sink's spool on disk.", |r, emit| by_spool(r, emit, |s| Some(s.bytes as f64))),
    gauge("podometer_spool_points", "Points that wait on disk.", |r, emit| by_spool(r, emit, |s| Some(s.points as f64))),
    counter("podometer_spool_quarantined_bytes_total", "Bytes that were set aside because they could not be read.", |r, emit| by_spool(r, emit, |s| Some(s.quarantined_bytes as f64))),
    gauge("podometer_spool_segments", "Files of a sink's spool.", |r, emit| by_spool(r, emit, |s| Some(s.segments as f64))),
    gauge("podometer_spool_up", "1 while a sink's spool can be used.", |r, emit| by_spool(r, emit, |s| Some(f64::from(u8::from(s.is_open && s.message.is_empty()))))),
    counter("process_cpu_seconds_total", "CPU time used by the agent.", |r, emit| emit_some(emit, r.process.cpu_seconds)),
    gauge("process_max_fds", "Largest number of open file descriptors.", |r, emit| emit_some(emit, r.process.max_files.map(|n| n as f64))),
    gauge("process_open_fds", "Open file descriptors.", |r, emit| emit_some(emit, r.process.open_files.map(|n| n as f64))),
    gauge("process_resident_memory_bytes", "Resident memory of the agent.", |r, emit| emit_some(emit, r.process.resident_bytes.map(|n| n as f64))),
    gauge("process_start_time_seconds", "When the agent was started, in seconds since the epoch.", |r, emit| emit_some(emit, r.process.start_time_seconds)),
];

fn emit_some(emit: &mut EmitRow<'_>, value: Option<f64>) {
    if let Some(value) = value {
        emit(&[], value);
    }
}

fn by_pace(emit: &mut EmitRow<'_>, value: impl Fn(Pace) -> f64) {
    for pace in Pace::ALL {
        emit(&[("pace", pace.name())], value(pace));
    }
}

fn by_label(emit: &mut EmitRow<'_>, label: &'static str, counts: &[(&'static str, u64)]) {
    for &(value, count) in counts {
        emit(&[(label, value)], count as f64);
    }
}

fn by_sink(report: &AgentReport, emit: &mut EmitRow<'_>, value: fn(&SinkReport) -> Option<f64>) {
    for sink in &report.sinks {
        if let Some(value) = value(sink) {
            emit(&[("kind", sink.kind), ("sink", &sink.name)], value);
        }
    }
}

fn by_sink_reason(
    report: &AgentReport,
    emit: &mut EmitRow<'_>,
    reasons: fn(&Ledger) -> &Vec<(&'static str, u64)>,
) {
    for sink in &report.sinks {
        for &(reason, points) in reasons(&sink.ledger) {
            emit(&[("kind", sink.kind), ("reason", reason), ("sink", &sink.name)], points as f64);
        }
    }
}

fn by_spool(report: &AgentReport, emit: &mut EmitRow<'_>, value: fn(&SpoolReport) -> Option<f64>) {
    for sink in &report.sinks {
        if let Some(value) = sink.spool.as_ref().and_then(value) {
            emit(&[("kind", sink.kind), ("sink", &sink.name)], value);
        }
    }
}

fn sink_info(report: &AgentReport, emit: &mut EmitRow<'_>) {
    for sink in &report.sinks {
        emit(&[("kind", sink.kind), ("sink", &sink.name), ("state", sink.state.name())], 1.0);
    }
}

fn by_source(report: &AgentReport, emit: &mut EmitRow<'_>, value: fn(&SourceReport) -> Option<f64>) {
    for source in &report.sources {
        if let Some(value) = value(source) {
            emit(&[("source", source.name)], value);
        }
    }
}

fn source_info(report: &AgentReport, emit: &mut EmitRow<'_>) {
    for source in &report.sources {
        let labels = [
            ("reason", source.reason),
            ("serves", &*source.serves),
            ("source", source.name),
            ("state", source.state.name()),
        ];
        emit(&labels, 1.0);
    }
}
