//! What is asked, again and again.

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;

use crate::Failed;

/// A request of fixed bytes.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) address: String,
    pub(crate) streamed: bool,
    path: String,
    body: Bytes,
}

impl Template {
    /// From `ADDRESS PATH MODEL PROMPT_BYTES whole|stream`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self, Failed> {
        let [address, path, model, prompt, kind] = arguments else {
            return Err("a request is ADDRESS PATH MODEL PROMPT_BYTES whole|stream".into());
        };
        let streamed = *kind == "stream";
        let prompt: usize = prompt.parse()?;
        let words = "lorem ipsum ".repeat(prompt / 12 + 1);
        let prompt = &words[..prompt];
        let body = format!(
            r#"{{"model":"{model}","messages":[{{"role":"user","content":"{prompt}"}}],"stream":{streamed}}}"#
        );
        Ok(Self { address: (*address).to_owned(), streamed, path: (*path).to_owned(), body: body.into() })
    }

    pub(crate) fn request(&self) -> Result<Request<Full<Bytes>>, Failed> {
        let request = Request::post(&self.path)
            .header(header::HOST, &self.address)
            .header(header::CONTENT_TYPE, "application/json");
        Ok(request.body(Full::new(self.body.clone()))?)
    }

    /// Whether `answer` is the whole answer.
    pub(crate) fn is_whole(&self, answer: &[u8]) -> bool {
        if self.streamed { answer.ends_with(b"data: [DONE]\n\n") } else { answer.ends_with(b"}") }
    }
}
