//! Any bytes in any cgroup file: no panic, and what was learned from one text never changes what another says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::model::field::{Field, File, Values};
use podometer::source::cgroup::parse::{
    LineMap, parse_cpu_max, parse_flat, parse_io_stat, parse_key, parse_limit, parse_pressure, parse_single,
};

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (choice, first, second) = input;
    let file = File::ALL[choice as usize % File::COUNT];
    let mut learned = LineMap::default();
    let mut values = Values::default();
    parse_flat(first, file, &mut learned, &mut values);
    let by_learned = parse_flat(second, file, &mut learned, &mut values);
    let mut fresh = Values::default();
    let by_fresh = parse_flat(second, file, &mut LineMap::default(), &mut fresh);
    assert_eq!(by_learned, by_fresh, "{file:?}: lines that could not be read");
    for &field in Field::ALL {
        assert_eq!(values.limit(field), fresh.limit(field), "{file:?} {field:?}");
    }

    for file in File::ALL {
        parse_single(first, file, &mut values);
        parse_pressure(first, file, &mut values);
    }
    parse_cpu_max(first, &mut values);
    parse_io_stat(first, &mut Vec::new());
    parse_limit(first);
    parse_key(first, second);
});
