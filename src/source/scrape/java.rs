//! What a JVM is asked for unless the configuration says otherwise: the measurements of Telegraf's sidecars, which
//! dashboard 8991 (JVM Metrics - Jolokia 2) asks for.

use super::config::Metric;

/// Measurement, MBean, attributes, and the properties that become tags. Sorted by measurement.
#[rustfmt::skip]
const JAVA: [(&str, &str, &[&str], &[&str]); 7] = [
    ("java_class_loading", "java.lang:type=ClassLoading", &["LoadedClassCount", "UnloadedClassCount", "TotalLoadedClassCount"], &[]),
    ("java_garbage_collector", "java.lang:name=*,type=GarbageCollector", &["CollectionTime", "CollectionCount"], &["name"]),
    ("java_last_garbage_collection", "java.lang:name=*,type=GarbageCollector", &["LastGcInfo"], &["name"]),
    ("java_memory", "java.lang:type=Memory", &["HeapMemoryUsage", "NonHeapMemoryUsage", "ObjectPendingFinalizationCount"], &[]),
    ("java_memory_pool", "java.lang:name=*,type=MemoryPool", &["Usage", "PeakUsage", "CollectionUsage"], &["name"]),
    ("java_runtime", "java.lang:type=Runtime", &["Uptime"], &[]),
    ("java_threading", "java.lang:type=Threading", &["TotalStartedThreadCount", "ThreadCount", "DaemonThreadCount", "PeakThreadCount"], &[]),
];

pub(super) fn metrics() -> Vec<Metric> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let metric = |(name, mbean, paths, tag_keys): &(&str, &str, &[&str], &[&str])| Metric {
        name: (*name).to_owned(),
        mbean: (*mbean).to_owned(),
        paths: texts(paths),
        tag_keys: texts(tag_keys),
        field_prefix: None,
    };
    JAVA.iter().map(metric).collect()
}
