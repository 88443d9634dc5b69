//! Any configuration file, variable and argument.
#![no_main]

use libfuzzer_sys::fuzz_target;
use podometer::config::{Sources, load};

fuzz_target!(|input: (&[u8], &str, &str, &str)| {
    let (document, variable, value, set) = input;
    let file = std::env::temp_dir().join(format!("podometer-fuzz-{}.yaml", std::process::id()));
    std::fs::write(&file, document).expect("a temporary file");
    let loaded = load(&Sources {
        file: Some(file.clone()),
        environment: vec![(format!("PODOMETER__{variable}"), value.to_owned())],
        set: vec![set.to_owned()],
    });
    std::fs::remove_file(&file).expect("the same file");
    if let Err(problems) = loaded {
        assert!(!problems.is_empty(), "refused without a reason");
        for problem in problems {
            assert!(!problem.to_string().is_empty());
        }
    }
});
