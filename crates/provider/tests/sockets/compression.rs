//! Bodies that come compressed though nobody asked.

use crate::support::{answering, assert_says, at, http1, listen, provider, read, read_request, send};
use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
use backstop_core::Kind;
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;

macro_rules! compress {
    ($encoder:ident, $($piece:expr),+) => {{
        let mut encoder = $encoder::new(Vec::new());
        let (mut pieces, mut sent) = (Vec::new(), 0);
        $(
            encoder.write_all($piece).await.expect("memory");
            encoder.flush().await.expect("memory");
            pieces.push(encoder.get_ref()[sent..].to_vec());
            sent = encoder.get_ref().len();
        )+
        encoder.shutdown().await.expect("memory");
        pieces.push(encoder.get_ref()[sent..].to_vec());
        pieces
    }};
}

async fn all(pieces: [&[u8]; 2]) -> [(&'static str, Vec<Vec<u8>>); 4] {
    [
        ("gzip", compress!(GzipEncoder, pieces[0], pieces[1])),
        ("deflate", compress!(ZlibEncoder, pieces[0], pieces[1])),
        ("br", compress!(BrotliEncoder, pieces[0], pieces[1])),
        ("zstd", compress!(ZstdEncoder, pieces[0], pieces[1])),
    ]
}

#[tokio::test]
async fn every_usual_coding_is_decoded_as_it_arrives() {
    for (coding, pieces) in all([b"data: first\n\n", b"data: second\n\n"]).await {
        let (go, mut gone) = tokio::sync::mpsc::channel::<()>(1);
        let (listener, address) = listen().await;
        crate::support::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            read_request(&mut stream).await.expect("a request");
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ntransfer-encoding: chunked\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.expect("a reader");
            for piece in pieces {
                gone.recv().await.expect("a go");
                if !piece.is_empty() {
                    let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat();
                    stream.write_all(&chunk).await.expect("a reader");
                }
            }
            stream.write_all(b"0\r\n\r\n").await.expect("a reader");
        });
        let response = send(&provider(at(address))).await.expect("a head");
        assert!(!response.headers().contains_key("content-encoding"), "{coding}");
        let mut body = response.into_body();
        for expected in ["data: first\n\n", "data: second\n\n"] {
            go.send(()).await.expect("a server");
            let mut text = Vec::new();
            // The server waits for the next go: what does not come now would never come.
            while text.len() < expected.len() {
                let frame = body.frame().await.expect("a frame").expect("no failure");
                text.extend_from_slice(&frame.into_data().expect("data"));
            }
            assert_eq!(String::from_utf8_lossy(&text), expected, "{coding}");
        }
        go.send(()).await.expect("a server");
        assert!(body.frame().await.is_none(), "{coding}");
    }
}

#[tokio::test]
async fn errors_are_decoded_before_they_are_redacted() {
    for (coding, pieces) in all([b"your key sk-live-01", b"23456789 is wrong"]).await {
        let body = pieces.concat();
        let address = answering(move |_| http1(403, &format!("content-encoding: {coding}\r\n"), &body)).await;
        let body =
            read(send(&provider(at(address))).await.expect("an error is a response")).await.expect("a body");
        assert_eq!(body, "your key [redacted] is wrong", "{coding}");
    }
}

#[tokio::test]
async fn what_cannot_be_decoded_is_an_error() {
    let text: Vec<u8> = (0..2000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
    for (coding, pieces) in all([&text, &text]).await {
        let whole = pieces.concat();
        let (mut corrupted, cut) = (whole.clone(), whole[..whole.len() / 2].to_vec());
        corrupted[..8].fill(0xff);
        for body in [corrupted, cut, b"{\"plain\":\"text\"}".to_vec()] {
            let address =
                answering(move |_| http1(200, &format!("content-encoding: {coding}\r\n"), &body)).await;
            let failure =
                read(send(&provider(at(address))).await.expect("a head")).await.expect_err("a broken coding");
            assert_eq!(failure.kind(), Kind::Malformed, "{coding}");
            assert_says(&failure, "is compressed and cannot be decoded", &address.to_string());
        }
    }
}

#[tokio::test]
async fn a_coding_that_nobody_knows() {
    for (status, coding) in [(200, "compress"), (200, "gzip, br"), (429, "compress")] {
        let address =
            answering(move |_| http1(status, &format!("content-encoding: {coding}\r\n"), b"\x01\x02")).await;
        match send(&provider(at(address))).await {
            Ok(response) => {
                assert_eq!((status, response.status().as_u16()), (429, 429));
                assert_eq!(read(response).await.expect("a body"), "", "illegible bytes are left out");
            }
            Err(failure) => {
                assert_eq!((status, failure.kind()), (200, Kind::Malformed));
                assert_says(&failure, &format!("in the content coding `{coding}`"), &address.to_string());
            }
        }
    }
    let address = answering(|_| http1(200, "content-encoding: identity\r\n", b"{}")).await;
    assert_eq!(read(send(&provider(at(address))).await.expect("a head")).await.expect("a body"), "{}");
}
