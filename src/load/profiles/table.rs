//! Every profile under its name, with its whole text.

/// A load test that needs no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    pub name: &'static str,
    /// In one line.
    pub about: &'static str,
    /// YAML, to be printed or run.
    pub text: &'static str,
}

/// One of those that share what the users of the social network do.
macro_rules! social {
    ($file:literal) => {
        concat!(include_str!($file), include_str!("social-network.yaml"))
    };
}

/// Sorted by name.
#[rustfmt::skip]
pub const ALL: [Profile; 9] = [
    Profile { name: "continuous", about: "3 iterations a second for 12 minutes, to be run again and again", text: include_str!("continuous.yaml") },
    Profile { name: "crocodile-test1", about: "200 users for 3 minutes", text: include_str!("crocodile-test1.yaml") },
    Profile { name: "crocodile-test2", about: "up to 1,200 users in 13 minutes", text: include_str!("crocodile-test2.yaml") },
    Profile { name: "leak", about: "20 cycles of load and rest, to find what is not given back", text: include_str!("leak.yaml") },
    Profile { name: "load", about: "social network: 50, then 100 users, 14 minutes", text: social!("load.yaml") },
    Profile { name: "soak", about: "social network: 75 users for 30 minutes", text: social!("soak.yaml") },
    Profile { name: "spike", about: "social network: from 50 to 300, 400 and 500 users within seconds", text: social!("spike.yaml") },
    Profile { name: "stress", about: "social network: 50 to 600 users in eight steps", text: social!("stress.yaml") },
    Profile { name: "wiremock", about: "a fast and a slow page, as many users as THREADS says", text: include_str!("wiremock.yaml") },
];

pub fn find(name: &str) -> Option<&'static Profile> {
    ALL.iter().find(|profile| profile.name == name)
}
