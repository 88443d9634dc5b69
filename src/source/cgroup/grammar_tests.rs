use super::*;
use proptest::prelude::*;

const UID: &str = "18451618-ada8-4b1c-a71e-5d336ca178d6";
const UID_: &str = "18451618_ada8_4b1c_a71e_5d336ca178d6";
const STATIC: &str = "569b0171e17fdb1d6d087d02cbba0832";
const ID: &str = "788e0a5637d493d52ee29f678e4820999089027565bf22f41147a55b1250823c";

fn pod(uid: &str, qos: QosClass) -> UnitKind {
    UnitKind::Pod { uid: PodUid(uid.into()), qos }
}

fn container(pod: Option<&str>, runtime: Runtime) -> UnitKind {
    UnitKind::Container { id: ContainerId(ID.into()), pod: pod.map(|uid| PodUid(uid.into())), runtime }
}

#[test]
fn known_paths() {
    use QosClass::{BestEffort, Burstable, Guaranteed};
    use Runtime::{Containerd, CriO, Docker, Podman, Unnamed};
    let s = "/kubepods.slice";
    let cases = [
        ("/".to_owned(), UnitKind::Root),
        (s.to_owned(), UnitKind::AllPods),
        (format!("{s}/kubepods-burstable.slice"), UnitKind::Qos(Burstable)),
        (format!("{s}/kubepods-pod{UID_}.slice"), pod(UID, Guaranteed)),
        (format!("{s}/kubepods-burstable.slice/kubepods-burstable-pod{UID_}.slice"), pod(UID, Burstable)),
        (format!("{s}/kubepods-besteffort.slice/kubepods-besteffort-pod{UID_}.slice"), pod(UID, BestEffort)),
        (
            format!("{s}/kubepods-burstable.slice/kubepods-burstable-pod{STATIC}.slice"),
            pod(STATIC, Burstable),
        ),
        (format!("{s}/kubepods-pod{UID_}.slice/cri-containerd-{ID}.scope"), container(Some(UID), Containerd)),
        (format!("{s}/kubepods-pod{UID_}.slice/crio-{ID}.scope"), container(Some(UID), CriO)),
        (format!("{s}/kubepods-pod{UID_}.slice/crio-conmon-{ID}.scope"), UnitKind::Other),
        (format!("{s}/kubepods-pod{UID_}.slice/crio-{ID}.scope/container"), UnitKind::Other),
        (format!("{s}/kubepods-pod{UID_}.slice/docker-{ID}.scope"), container(Some(UID), Docker)),
        ("/kubepods".to_owned(), UnitKind::AllPods),
        ("/kubepods/besteffort".to_owned(), UnitKind::Qos(BestEffort)),
        (format!("/kubepods/pod{UID}"), pod(UID, Guaranteed)),
        (format!("/kubepods/burstable/pod{UID}/{ID}"), container(Some(UID), Unnamed)),
        (format!("/kubepods/burstable/pod{UID}/crio-{ID}"), container(Some(UID), CriO)),
        // kind: a kubelet prefix, inside the node's own container.
        (
            format!(
                "/system.slice/docker-{ID}.scope/kubelet.slice/kubelet-kubepods.slice/\
                 kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod{UID_}.slice"
            ),
            pod(UID, BestEffort),
        ),
        (format!("/docker/{ID}/kubelet/kubepods/burstable/pod{UID}/{ID}"), container(Some(UID), Unnamed)),
        // A plain host.
        (format!("/docker/{ID}"), container(None, Docker)),
        (format!("/system.slice/docker-{ID}.scope"), container(None, Docker)),
        (format!("/machine.slice/libpod-{ID}.scope"), container(None, Podman)),
        (format!("/machine.slice/libpod-{ID}.scope/container"), UnitKind::Other),
        (format!("/libpod_parent/libpod-{ID}"), container(None, Podman)),
        (
            format!(
                "/system.slice/containerd.service/kubepods-burstable-pod{UID_}.slice:cri-containerd:{ID}"
            ),
            container(Some(UID), Containerd),
        ),
        ("/system.slice".to_owned(), UnitKind::Slice),
        ("/system.slice/ssh.service".to_owned(), UnitKind::Service),
        ("/init.scope".to_owned(), UnitKind::Scope),
        ("/dev-hugepages.mount".to_owned(), UnitKind::Other),
        // As a reader in a private cgroup namespace sees it.
        (format!("/../../kubepods-pod{UID_}.slice"), UnitKind::Slice),
        (format!("/../../../kubepods.slice/kubepods-pod{UID_}.slice"), pod(UID, Guaranteed)),
    ];
    for (path, kind) in cases {
        assert_eq!(classify(&path), kind, "{path}");
    }
}

#[test]
fn look_alikes_are_not_pods() {
    for path in [
        format!("/kubepods/pod{UID}x"),
        format!("/pod{UID}"),
        format!("/user.slice/kubepods-pod{UID_}.slice"),
        format!("/my-kubepods.slice/my-kubepods-pod{UID_}.slice"),
        format!("/kubepods.slice/kubepods-burstable-pod{UID_}.slice"),
        format!("/kubepods.slice/kubepods-burstable.slice/kubepods-besteffort-pod{UID_}.slice"),
        format!("/kubepods/burstable/besteffort/pod{UID}"),
        "/kubepods/podman".to_owned(),
    ] {
        let kind = classify(&path);
        assert!(!matches!(kind, UnitKind::Pod { .. } | UnitKind::Container { .. }), "{path}: {kind:?}");
    }
}

fn uid() -> impl Strategy<Value = String> {
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}"
}

proptest! {
    #[test]
    fn any_path_is_survived(path in "(/[^/]{0,90}){0,8}") {
        classify(&path);
    }

    /// Whatever prefix the hierarchy hangs under, a pod is found under its own UID and class, and its
    /// containers under it; nothing else in the tree claims that UID.
    #[test]
    fn pods_are_filed_under_their_own_uid(
        uid in uid(), id in "[0-9a-f]{64}", class in 0..3usize, systemd: bool, prefix in "|/kubelet|/docker/[0-9a-f]{64}",
        inner in "[a-z]{1,9}(\\.scope|\\.slice|)",
    ) {
        let (qos, word) = [
            (QosClass::Guaranteed, ""), (QosClass::Burstable, "burstable"), (QosClass::BestEffort, "besteffort"),
        ][class];
        let dir = if systemd {
            let escaped = uid.replace('-', "_");
            let middle = if word.is_empty() { String::new() } else { format!("/kubepods-{word}.slice") };
            let name = if word.is_empty() { format!("kubepods-pod{escaped}.slice") }
                else { format!("kubepods-{word}-pod{escaped}.slice") };
            format!("{prefix}/kubepods.slice{middle}/{name}")
        } else {
            let middle = if word.is_empty() { String::new() } else { format!("/{word}") };
            format!("{prefix}/kubepods{middle}/pod{uid}")
        };
        prop_assert_eq!(classify(&dir), pod(&uid, qos));
        let leaf = if systemd { format!("{dir}/cri-containerd-{id}.scope") } else { format!("{dir}/{id}") };
        let is_container = matches!(
            classify(&leaf),
            UnitKind::Container { id: ref found, pod: Some(ref owner), .. } if *found.0 == *id && *owner.0 == *uid
        );
        prop_assert!(is_container, "{}", leaf);
        prop_assert_eq!(classify(&format!("{dir}/{inner}")), UnitKind::Other);
        prop_assert_eq!(classify(&format!("{leaf}/{inner}")), UnitKind::Other);
    }
}
