//! The InfluxDB side: rows against their golden text, the sink against a scripted server and against real ones.

mod dashboards;
mod fake_server;
mod real_influxdb;
mod real_victoria;
mod rows;
mod sample;
mod script;
mod servers;
