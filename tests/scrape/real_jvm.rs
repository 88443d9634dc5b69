//! A real JVM with a real Jolokia agent in it.

use podometer::model::scraped::Kind;

use crate::jvm::{Jvm, USER};
use crate::lines::feeds_dashboard_8991;
use crate::{lines, read, target};

#[tokio::test]
async fn a_real_jvm_has_all_that_its_dashboard_asks_for() {
    let Some(running) = Jvm::start() else { return };
    let mut jvm = target(Kind::Jolokia, &running.url);
    let refused = read(&jvm).await.unwrap_err();
    assert_eq!(refused.reason(), "unauthorized", "{refused}");
    (jvm.username, jvm.password_file) = (Some(USER.to_owned()), Some(running.password_file.clone()));
    let outcome = read(&jvm).await.unwrap();
    assert_eq!((outcome.faults, outcome.absent), (0, 0));
    feeds_dashboard_8991(&lines(&jvm).await);
    // What it does not have is absent, and the rest is there.
    jvm.metrics = vec![metric("java.lang:type=Nope"), metric("java.lang:type=Runtime")];
    let outcome = read(&jvm).await.unwrap();
    assert!(outcome.absent == 1 && outcome.samples > 5 && outcome.faults == 0, "{outcome:?}");
}

fn metric(mbean: &str) -> podometer::source::scrape::config::Metric {
    podometer::source::scrape::config::Metric {
        name: "m".to_owned(),
        mbean: mbean.to_owned(),
        ..Default::default()
    }
}
