use super::*;
use crate::model::field::Values;
use crate::model::identity::{Cgroup, PodUid, QosClass, UnitKind};
use proptest::prelude::*;

fn pod(name: &str, uid: &str, version: u32) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"ns","uid":"{uid}","resourceVersion":"{version}"}},
        "spec":{{"containers":[{{"name":"main"}}]}},
        "status":{{"containerStatuses":[{{"name":"main","containerID":"containerd://c-{uid}"}}]}}}}"#
    )
}

fn event(kind: &str, pod: &str) -> Vec<u8> {
    format!(r#"{{"type":"{kind}","object":{pod}}}"#).into_bytes()
}

fn list(register: &mut Register, pods: &[String], now: Instant) {
    register.begin_list();
    let text = format!(r#"{{"metadata":{{"resourceVersion":"9"}},"items":[{}]}}"#, pods.join(","));
    register.page("list", text.as_bytes()).unwrap();
    register.end_list(now);
}

fn name_of(directory: &Directory, uid: &str) -> Option<String> {
    let kind = UnitKind::Pod { uid: PodUid(uid.into()), qos: QosClass::BestEffort };
    let identity = directory.resolve(&Cgroup { path: "/p".into(), kind }, &Values::default())?;
    identity.pod.map(|pod| pod.name.to_string())
}

fn register(max_pods: usize) -> Register {
    Register::new(Allowed::default(), max_pods)
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_gone_keeps_its_name_for_its_last_readings() {
    let mut register = register(10);
    list(&mut register, &[pod("a", "u1", 1), pod("b", "u2", 2)], Instant::now());
    let first = register.publish().unwrap();
    assert_eq!((first.version, first.len()), (1, 2));
    assert!(register.publish().is_none(), "nothing is new");
    let told = register.line("watch", &event("DELETED", &pod("a", "u1", 3)), Instant::now()).unwrap();
    assert_eq!(told, Told::GoOn("3".into()));
    // The same name, another pod.
    register.line("watch", &event("ADDED", &pod("a", "u3", 4)), Instant::now()).unwrap();
    let both = register.publish().unwrap();
    assert_eq!(name_of(&both, "u1").as_deref(), Some("a"));
    assert_eq!(name_of(&both, "u3").as_deref(), Some("a"));
    assert!(register.has_gone());
    tokio::time::advance(GRACE).await;
    register.expire(Instant::now());
    let later = register.publish().unwrap();
    assert_eq!((name_of(&later, "u1"), later.len()), (None, 2));
    assert!(!register.has_gone());
}

#[tokio::test(start_paused = true)]
async fn a_list_tells_who_is_gone_and_who_is_back() {
    let mut register = register(10);
    list(&mut register, &[pod("a", "u1", 1), pod("b", "u2", 2)], Instant::now());
    list(&mut register, &[pod("b", "u2", 2)], Instant::now());
    tokio::time::advance(GRACE / 2).await;
    // A static pod's mirror comes back under the same UID.
    list(&mut register, &[pod("a", "u1", 5), pod("b", "u2", 2)], Instant::now());
    tokio::time::advance(GRACE).await;
    register.expire(Instant::now());
    assert_eq!(register.len(), 2);
    list(&mut register, &[], Instant::now());
    // A second list does not begin the grace anew.
    tokio::time::advance(GRACE / 2).await;
    list(&mut register, &[], Instant::now());
    tokio::time::advance(GRACE / 2).await;
    register.expire(Instant::now());
    assert!(register.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_did_not_change_stays_the_same_value() {
    let mut register = register(10);
    let before = pod("a", "u1", 1);
    list(&mut register, std::slice::from_ref(&before), Instant::now());
    let first = register.publish().unwrap();
    let not_ready = before.replace(r#""status":{"#, r#""status":{"phase":"Running","#);
    register.line("watch", &event("MODIFIED", &not_ready), Instant::now()).unwrap();
    let second = register.publish().unwrap();
    let (old, new) = (first.pod("u1").unwrap(), second.pod("u1").unwrap());
    assert!(!Arc::ptr_eq(old, new));
    assert!(Arc::ptr_eq(&old.containers[0], &new.containers[0]));
    register.line("watch", &event("MODIFIED", &not_ready), Instant::now()).unwrap();
    assert!(!register.has_news());
}

#[tokio::test(start_paused = true)]
async fn the_number_is_bounded_and_those_gone_make_room() {
    let mut register = register(2);
    list(&mut register, &[pod("a", "u1", 1), pod("b", "u2", 1), pod("c", "u3", 1)], Instant::now());
    assert_eq!((register.len(), register.refused()), (2, 1));
    register.line("watch", &event("DELETED", &pod("a", "u1", 2)), Instant::now()).unwrap();
    register.line("watch", &event("ADDED", &pod("d", "u4", 3)), Instant::now()).unwrap();
    let directory = register.publish().unwrap();
    assert_eq!((name_of(&directory, "u1"), name_of(&directory, "u4").as_deref()), (None, Some("d")));
    assert_eq!(register.refused(), 1);
}

#[test]
fn the_watch_ends_with_the_servers_word() {
    let mut register = register(2);
    let line =
        br#"{"type":"ERROR","object":{"kind":"Status","status":"Failure","code":410,"message":"too old"}}"#;
    let told = register.line("watch", line, Instant::now()).unwrap();
    assert_eq!(told, Told::Ended { code: 410, message: "too old".into() });
    assert!(register.line("watch", b"{}{", Instant::now()).is_err());
}

proptest! {
    /// Names are used again and again with other UIDs: no UID ever has a name that was not its own.
    #[test]
    fn no_pod_has_the_name_of_another(steps in proptest::collection::vec((0..3u8, 0..8u8, 0..40u16), 1..200)) {
        let mut register = register(16);
        let mut now = Instant::now();
        for (step, (kind, name, uid)) in steps.into_iter().enumerate() {
            // The name is a function of the UID, as it is in a cluster: a UID never changes its name.
            let (name, uid) = (format!("n{}", (uid + u16::from(name)) % 5), format!("{uid}-{name}"));
            let text = pod(&name, &uid, step as u32);
            match kind {
                0 => { register.line("w", &event("ADDED", &text), now).unwrap(); }
                1 => { register.line("w", &event("DELETED", &text), now).unwrap(); }
                _ => list(&mut register, &[text], now),
            }
            now += Duration::from_secs(7);
            register.expire(now);
            prop_assert!(register.len() <= 16);
            if let Some(directory) = register.publish() {
                for info in directory.pods() {
                    let (number, offset) = info.uid.split_once('-').unwrap();
                    let expected = (number.parse::<u16>().unwrap() + offset.parse::<u16>().unwrap()) % 5;
                    prop_assert_eq!(&*info.name, format!("n{expected}"));
                }
            }
        }
    }
}
