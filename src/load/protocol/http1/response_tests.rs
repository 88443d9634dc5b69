use proptest::prelude::*;

use super::*;

fn keep(content: usize) -> Keep {
    Keep { head: true, content, ..Keep::default() }
}

/// Feeds `input` by so many bytes at a time.
fn feed(reader: &mut Reader, input: &str, step: usize) -> Result<Progress, Fault> {
    let mut progress = Progress::More;
    for part in input.as_bytes().chunks(step) {
        progress = reader.read(part)?;
    }
    Ok(progress)
}

#[test]
fn responses_are_read_however_they_come() {
    let long = "y".repeat(50_000);
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n{long}");
    for (input, status, content, keeps_alive) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: x, Close\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, "", true),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", true),
        (
            "HTTP/1.1 500 Oh\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            500,
            "",
            true,
        ),
        (&large, 200, &long, true),
    ] {
        for step in [1, 7, 4_000, 16_000] {
            let mut reader = Reader::default();
            for _ in 0..2 {
                reader.begin(false, keep(1 << 20));
                assert_eq!(feed(&mut reader, input, step), Ok(Progress::Done), "{input:.60} by {step}");
                let response = reader.response().clone();
                assert_eq!((response.status, response.keeps_alive), (status, keeps_alive));
                assert_eq!(response.body_bytes, content.len() as u64);
                assert_eq!(response.wire_bytes, input.len() as u64);
                assert!(reader.content() == content.as_bytes());
            }
        }
    }
}

#[test]
fn what_is_not_wanted_is_counted() {
    let mut reader = Reader::default();
    reader.begin(false, keep(3));
    let input = "HTTP/1.1 200 OK\r\nX-A: b\r\nx-a: c\r\nContent-Length: 6\r\n\r\nabcdef";
    assert_eq!(feed(&mut reader, input, 5), Ok(Progress::Done));
    assert_eq!((reader.content(), reader.response().body_bytes), (&b"abc"[..], 6));
    assert_eq!((reader.field("X-a"), reader.field("none")), (Some(&b"b"[..]), None));
    reader.begin(true, keep(3));
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n";
    assert_eq!(feed(&mut reader, head, 99), Ok(Progress::Done));
    assert_eq!(reader.response().body_bytes, 0);
}

#[test]
fn a_closed_connection_ends_what_has_no_length() {
    let mut reader = Reader::default();
    reader.begin(false, keep(99));
    assert_eq!(feed(&mut reader, "HTTP/1.1 200 OK\r\n\r\nabc", 4), Ok(Progress::More));
    assert_eq!(reader.closed(), Ok(Progress::Done));
    assert_eq!((reader.content(), reader.response().keeps_alive), (&b"abc"[..], false));
    for cut in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"] {
        reader.begin(false, keep(99));
        feed(&mut reader, cut, 99).unwrap();
        assert_eq!(reader.closed(), Err(Fault::Closed), "{cut:?}");
        reader = Reader::default();
    }
}

/// However the bytes are cut: a server that says too much has answered, and is asked for nothing more.
#[test]
fn surplus_bytes_end_the_connection_and_not_the_response() {
    for (input, is_head) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!", false),
        ("HTTP/1.1 204 No Content\r\n\r\nhi", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", true),
    ] {
        let mut reader = Reader::default();
        reader.begin(is_head, keep(99));
        assert_eq!(reader.read(input.as_bytes()), Ok(Progress::Done), "{input}");
        assert!(!reader.response().keeps_alive, "{input}");
    }
}

#[test]
fn malformed_responses_are_refused() {
    let many = "a: b\r\n".repeat(101);
    let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(70_000));
    for (input, expected) in [
        ("SSH-2.0-OpenSSH\r\n\r\n", Fault::Head(httparse::Error::Version)),
        ("HTTP/1.1 x OK\r\n\r\n", Fault::Head(httparse::Error::Status)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", Fault::Length),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n", Fault::Length),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", Fault::Length),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", Fault::Chunk),
        (&format!("HTTP/1.1 200 OK\r\n{many}\r\n"), Fault::Head(httparse::Error::TooManyHeaders)),
        (&long, Fault::HeadTooLong),
    ] {
        let mut reader = Reader::default();
        reader.begin(false, keep(99));
        assert_eq!(feed(&mut reader, input, 1_000), Err(expected), "{input:.60}");
    }
    let mut idle = Reader::default();
    assert_eq!(feed(&mut idle, "x", 1), Err(Fault::Unasked));
}

/// What came of bytes that arrive by so many at a time: the responses, and how it ended.
fn outcome(input: &[u8], step: usize) -> (Vec<Response>, Vec<u8>, Result<Progress, Fault>) {
    let mut reader = Reader::default();
    let (mut responses, mut content) = (Vec::new(), Vec::new());
    reader.begin(false, keep(1 << 16));
    for part in input.chunks(step) {
        match reader.read(part) {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => {
                responses.push(reader.response().clone());
                content.extend_from_slice(reader.content());
                return (responses, content, Ok(Progress::Done));
            }
            Err(fault) => return (responses, content, Err(fault)),
        }
    }
    (responses, content, Ok(Progress::More))
}

/// Pieces of which responses are made, and some that break them.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 404 No\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "content-length: 3\r\n",
        "content-length: 4\r\n",
        "transfer-encoding: chunked\r\n",
        "connection: close\r\n",
        "\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "0\r\nx: y\r\n\r\n",
        "abc",
        "\n",
        "\0",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_bytes_are_survived(input in prop::collection::vec(any::<u8>(), 0..400), step in 1..50usize) {
        let _ = outcome(&input, step);
    }

    #[test]
    fn it_does_not_matter_how_bytes_are_cut(input in pieces(), step in 1..20usize) {
        let (whole, content, end) = outcome(&input, usize::MAX);
        let (cut, cut_content, cut_end) = outcome(&input, step);
        prop_assert_eq!(end.is_err(), cut_end.is_err());
        prop_assert_eq!(content, cut_content);
        // Whoever has the whole response stops reading, so what lies behind it is seen in one piece alone.
        let answers = |all: Vec<Response>| -> Vec<(u16, u64)> {
            all.into_iter().map(|response| (response.status, response.body_bytes)).collect()
        };
        prop_assert_eq!(answers(whole), answers(cut));
    }
}

#[test]
fn the_careful_line_about_the_connection_counts() {
    for (fields, keeps_alive) in [
        ("Connection: close\r\nConnection: keep-alive\r\n", false),
        ("Connection: keep-alive\r\nConnection: close\r\n", false),
        ("Connection: keep-alive, close\r\n", false),
        ("Connection: keep-alive\r\nConnection: x\r\n", true),
    ] {
        for version in ["1.0", "1.1"] {
            let mut reader = Reader::default();
            reader.begin(false, Keep::default());
            let input = format!("HTTP/{version} 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
            assert_eq!(feed(&mut reader, &input, 7), Ok(Progress::Done));
            assert_eq!(reader.response().keeps_alive, keeps_alive, "{input}");
        }
    }
    let mut reader = Reader::default();
    reader.begin(false, Keep::default());
    let input = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
    assert_eq!(feed(&mut reader, input, 100), Ok(Progress::Done));
    assert_eq!((reader.response().status, reader.response().keeps_alive), (101, false));
}

#[test]
fn folded_lines_are_one() {
    let input =
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length:\r\n 2\r\nConnection: x,\r\n close\r\n\r\nhi";
    for step in [1, 9, 200] {
        let mut reader = Reader::default();
        reader.begin(false, keep(10));
        assert_eq!(feed(&mut reader, input, step), Ok(Progress::Done), "by {step}");
        assert_eq!((reader.content(), reader.response().keeps_alive), (&b"hi"[..], false));
        assert_eq!(reader.field("x"), Some(&b"a   b  \tc"[..]));
        assert_eq!(reader.field("content-length"), Some(&b"2"[..]));
    }
}

#[test]
fn a_response_of_another_framing_reads_alike() {
    let mut reader = Reader::default();
    reader.begin(false, keep(3));
    let fields = [("content-type", &b"text/plain"[..]), ("x", b"\xff")];
    reader.head_came(201, 2, fields.into_iter()).unwrap();
    reader.content_came(b"ab");
    reader.content_came(b"cd");
    reader.ended(77);
    let response = reader.response();
    assert_eq!((response.status, response.body_bytes, response.wire_bytes), (201, 4, 77));
    assert_eq!((reader.content(), reader.field("Content-Type")), (&b"abc"[..], Some(&b"text/plain"[..])));
    assert_eq!(reader.field("x"), Some(&b"\xff"[..]));
    reader.begin(false, Keep { news: true, ..Keep::default() });
    reader.head_came(302, 2, [("location", &b"/x"[..]), ("set-cookie", b"a=1")].into_iter()).unwrap();
    let response = reader.response();
    assert!(response.redirects && response.sets_cookies && reader.field("location") == Some(b"/x"));
    reader.begin(false, Keep { news: true, ..Keep::default() });
    reader.head_came(200, 1, [("location", &b"/x"[..])].into_iter()).unwrap();
    assert!(!reader.response().redirects && reader.field("location").is_none());
    let many = vec![("x", &b"y"[..]); 101];
    assert!(reader.head_came(200, 101, many.into_iter()).is_err());
}

#[test]
fn a_head_with_news_is_kept_and_no_other() {
    for (head, redirects, sets_cookies) in [
        ("200 OK\r\nlocation: /x", false, false),
        ("302 Found\r\nLocation: /x", true, false),
        ("302 Found\r\nx: y", false, false),
        ("304 Not Modified\r\nlocation: /x", false, false),
        ("200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2", false, true),
    ] {
        let mut reader = Reader::default();
        reader.begin(false, Keep { news: true, ..Keep::default() });
        let text = format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(feed(&mut reader, &text, 7), Ok(Progress::Done), "{head}");
        let response = reader.response();
        assert_eq!((response.redirects, response.sets_cookies), (redirects, sets_cookies), "{head}");
        assert_eq!(reader.field("location").is_some(), redirects, "{head}");
        let mut cookies = Vec::new();
        reader.each_field("set-cookie", |value| cookies.push(value.to_vec()));
        assert_eq!(cookies.len(), if sets_cookies { 2 } else { 0 }, "{head}");
    }
}
