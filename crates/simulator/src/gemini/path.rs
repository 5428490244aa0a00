//! What stands in the path and the query of a request: the model, the method, the form of the answer.

use http::Uri;

use crate::reply::Form;

/// The model: what stands between `models/` and the method.
pub(super) fn model(uri: &Uri) -> Option<&str> {
    let (_, rest) = uri.path().split_once("/models/")?;
    let model = rest.rsplit_once(':').map_or(rest, |(model, _)| model);
    (!model.is_empty()).then_some(model)
}

/// How the answer is wanted: streams are events with `alt=sse`, and one JSON array without
/// (<https://ai.google.dev/api/generate-content>, "streamGenerateContent").
pub(super) fn form(uri: &Uri) -> Form {
    match (uri.path().ends_with(":streamGenerateContent"), in_query(uri, "alt")) {
        (false, _) => Form::Document,
        (true, Some("sse")) => Form::Events,
        (true, _) => Form::List,
    }
}

/// The value of a field of the query.
pub(super) fn in_query<'u>(uri: &'u Uri, name: &str) -> Option<&'u str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_the_model_and_the_form() {
        let read = |uri: &'static str| {
            let uri = Uri::from_static(uri);
            (model(&uri).map(str::to_owned), form(&uri))
        };
        let flash = |form| (Some("gemini-2.5-flash".to_owned()), form);
        assert_eq!(read("/v1beta/models/gemini-2.5-flash:generateContent?alt=sse"), flash(Form::Document));
        assert_eq!(
            read("/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=k&alt=sse"),
            flash(Form::Events)
        );
        assert_eq!(read("/v1beta/models/gemini-2.5-flash:streamGenerateContent"), flash(Form::List));
        assert_eq!(read("/v1beta/models/gemini-2.5-flash"), flash(Form::Document));
        assert_eq!(read("/v1beta/models/:generateContent").0, None);
        assert_eq!(in_query(&Uri::from_static("/a?key=k&b"), "key"), Some("k"));
    }
}
