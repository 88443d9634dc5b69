use super::*;
use proptest::prelude::*;

const CPU: &[u8] =
    b"usage_usec 100\nuser_usec 60\nsystem_usec 40\nnr_periods 7\nnr_throttled 2\nthrottled_usec 9\n\
                     nr_bursts 0\nburst_usec 0\n";

fn flat(file: File, map: &mut LineMap, text: &[u8]) -> (Values, u32) {
    let mut values = Values::default();
    let faults = parse_flat(text, file, map, &mut values);
    (values, faults)
}

#[test]
fn a_kernel_that_moves_adds_or_drops_keys_is_followed() {
    let mut map = LineMap::default();
    let (values, faults) = flat(File::CpuStat, &mut map, CPU);
    assert_eq!((values.get(Field::BurstUsec), values.get(Field::NiceUsec), faults), (Some(0), None, 0));
    let texts: [(&[u8], Option<u64>, Option<u64>); 5] = [
        (b"usage_usec 5\nuser_usec 3\nsystem_usec 2\n", Some(5), None),
        (
            b"usage_usec 5\nuser_usec 3\nsystem_usec 2\nnice_usec 1\nnr_periods 7\nnr_throttled 4\n",
            Some(5),
            Some(4),
        ),
        (b"nr_throttled 4\nusage_usec 6\n", Some(6), Some(4)),
        (b"new_key 1\nusage_usec 6\nother 2\n", Some(6), None),
        (CPU, Some(100), Some(2)),
    ];
    for (text, usage, throttled) in texts {
        for _ in 0..2 {
            let (values, faults) = flat(File::CpuStat, &mut map, text);
            let name = String::from_utf8_lossy(text);
            assert_eq!(values.get(Field::UsageUsec), usage, "{name}");
            assert_eq!(values.get(Field::NrThrottled), throttled, "{name}");
            assert_eq!(faults, 0);
        }
    }
}

#[test]
fn a_longer_text_than_the_one_learned_is_read_to_its_end() {
    let mut map = LineMap::default();
    flat(File::CpuStat, &mut map, b"usage_usec 5\nuser_usec 3\nsystem_usec 2\n");
    assert_eq!(flat(File::CpuStat, &mut map, CPU).0.get(Field::ThrottledUsec), Some(9));
}

/// A text that was cut off within a number says less than the kernel did, whether its lines were known before or not.
#[test]
fn a_line_without_its_end_is_no_number() {
    let cut = b"usage_usec 5\nuser_usec 3\nsystem_usec 2";
    for learned in [&b""[..], b"usage_usec 5\nuser_usec 3\nsystem_usec 27\n"] {
        let mut map = LineMap::default();
        flat(File::CpuStat, &mut map, learned);
        let (values, faults) = flat(File::CpuStat, &mut map, cut);
        assert_eq!((values.get(Field::UserUsec), values.get(Field::SystemUsec)), (Some(3), None));
        assert_eq!(faults, 1);
    }
}

#[test]
fn one_bad_line_loses_one_field() {
    let cases: [&[u8]; 6] = [
        b"usage_usec x\nuser_usec 3\n",
        b"usage_usec \nuser_usec 3\n",
        b"usage_usec\nuser_usec 3\n",
        b"usage_usec -1\nuser_usec 3\n",
        b"usage_usec 18446744073709551616\nuser_usec 3\n",
        b"usage_usec 1 2\nuser_usec 3\n",
    ];
    for text in cases {
        let mut map = LineMap::default();
        flat(File::CpuStat, &mut map, b"usage_usec 1\nuser_usec 3\n");
        let (values, faults) = flat(File::CpuStat, &mut map, text);
        let name = String::from_utf8_lossy(text);
        assert_eq!(
            (values.get(Field::UsageUsec), values.get(Field::UserUsec), faults),
            (None, Some(3), 1),
            "{name}"
        );
    }
    let (values, _) = flat(File::CpuStat, &mut LineMap::default(), b"usage_usec 18446744073709551615\n");
    assert_eq!(values.get(Field::UsageUsec), Some(u64::MAX));
}

#[test]
fn limits_and_weights() {
    let mut values = Values::default();
    assert_eq!(parse_single(b"max\n", File::MemoryMax, &mut values), 0);
    assert_eq!(values.limit(Field::MemoryMax), Some(Limit::Max));
    assert_eq!(parse_single(b"167772160\n", File::MemoryMax, &mut values), 0);
    assert_eq!(values.get(Field::MemoryMax), Some(167_772_160));
    assert_eq!(parse_single(b"", File::MemoryMax, &mut values), 1);
    assert_eq!(values.limit(Field::MemoryMax), None, "an unreadable file leaves nothing behind");
    assert_eq!(parse_cpu_max(b"35000 100000\n", &mut values), 0);
    assert_eq!(
        (values.get(Field::CpuQuotaUsec), values.get(Field::CpuPeriodUsec)),
        (Some(35000), Some(100_000))
    );
    assert_eq!(parse_cpu_max(b"max 100000\n", &mut values), 0);
    assert_eq!(values.limit(Field::CpuQuotaUsec), Some(Limit::Max));
    assert_eq!(parse_cpu_max(b"max\n", &mut values), 1);
}

#[test]
fn pressure() {
    let mut values = Values::default();
    let text = b"some avg10=45.48 avg60=1.00 avg300=0.07 total=704752135\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n";
    assert_eq!(parse_pressure(text, File::MemoryPressure, &mut values), 0);
    assert_eq!(values.get(Field::MemorySomeAvg10), Some(4548));
    assert_eq!(values.get(Field::MemorySomeAvg300), Some(7));
    assert_eq!(values.get(Field::MemorySomeTotal), Some(704_752_135));
    assert_eq!(values.get(Field::MemoryFullTotal), Some(5));
    assert_eq!(values.get(Field::CpuSomeTotal), None);
    assert_eq!(parse_pressure(b"some avg10=0 total=1\nnone x\n", File::CpuPressure, &mut values), 2);
    assert_eq!(values.get(Field::CpuSomeTotal), Some(1));
}

#[test]
fn io_stat() {
    let mut devices = Vec::new();
    let text = b"8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n253:0 \n7:0 rbytes=9 cost.usage=3\n";
    assert_eq!(parse_io_stat(text, &mut devices), 0);
    assert_eq!((devices[0].major, devices[0].minor, devices[0].wbytes), (8, 16, Some(314_773_504)));
    assert_eq!((devices[1].major, devices[1].rbytes), (253, None));
    assert_eq!((devices[2].rbytes, devices[2].wios), (Some(9), None));
    assert_eq!(parse_io_stat(b"x rbytes=1\n8:0 rbytes=y\n", &mut devices), 2);
}

#[test]
fn a_reading_that_stops_early_leaves_the_rest_alone() {
    let mut map = LineMap::default();
    let mut values = Values::default();
    assert_eq!(parse_flat_until(CPU, Field::SystemUsec, &mut map, &mut values), 0);
    assert_eq!(values.get(Field::BurstUsec), Some(0), "the first text is learned whole");
    let later = b"usage_usec 7\nuser_usec x\nsystem_usec 3\nnr_periods 99\n";
    assert_eq!(parse_flat_until(later, Field::SystemUsec, &mut map, &mut values), 1);
    assert_eq!((values.get(Field::UsageUsec), values.get(Field::UserUsec)), (Some(7), None));
    assert_eq!((values.get(Field::SystemUsec), values.get(Field::NrPeriods)), (Some(3), Some(7)));
    assert_eq!(parse_flat_until(b"usage_usec 8\n", Field::SystemUsec, &mut map, &mut values), 0);
    assert_eq!((values.get(Field::UsageUsec), values.get(Field::SystemUsec)), (Some(8), None));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut values = Values::default();
        let mut map = LineMap::default();
        for file in File::ALL {
            parse_flat(&text, file, &mut map, &mut values);
            parse_single(&text, file, &mut values);
            parse_pressure(&text, file, &mut values);
        }
        parse_cpu_max(&text, &mut values);
        parse_io_stat(&text, &mut Vec::new());
    }

    /// The learned map changes speed, never a value.
    #[test]
    fn a_warm_map_reads_what_a_cold_one_reads(
        first in proptest::collection::vec((0..8usize, any::<u64>()), 0..9),
        second in proptest::collection::vec((0..8usize, any::<u64>()), 0..9),
    ) {
        let keys = ["usage_usec", "user_usec", "nr_periods", "x", "usage", "burst_usec", "nr_throttled", "zz"];
        let text = |rows: &[(usize, u64)]| {
            rows.iter().fold(String::new(), |text, (key, value)| text + keys[*key] + &format!(" {value}\n"))
        };
        let mut warm = LineMap::default();
        flat(File::CpuStat, &mut warm, text(&first).as_bytes());
        let second = text(&second);
        prop_assert_eq!(
            flat(File::CpuStat, &mut warm, second.as_bytes()).0,
            flat(File::CpuStat, &mut LineMap::default(), second.as_bytes()).0
        );
    }
}
