//! Images and files.

use serde_json::Value;

use super::{Complaint, Rule, content};
use crate::rules::{
    image,
    rule::Asked,
    view::{given, is, text},
};

pub(super) const RULES: &[Rule<Complaint>] = &[
    Rule {
        name: "image-url-missing",
        refuses: "an image without its URL",
        source: "OpenAI API reference, Create chat completion: image_url.url is required",
        check: no_url,
    },
    Rule {
        name: "image-url-invalid",
        refuses: "an image's URL that is neither http nor data",
        source: "OpenAI guide, Images and vision: an image comes by URL or as a Base64 data URL",
        check: bad_url,
    },
    Rule {
        name: "image-data-url-type",
        refuses: "an image's data URL of a type that is no image",
        source: "OpenAI guide, Images and vision: PNG, JPEG, WEBP and GIF",
        check: no_image_type,
    },
    Rule {
        name: "image-data-url-base64",
        refuses: "an image's data URL that is not base64",
        source: "OpenAI guide, Images and vision: an image comes by URL or as a Base64 data URL",
        check: no_base64,
    },
    Rule {
        name: "image-format",
        refuses: "an image's bytes that are neither PNG, JPEG, GIF nor WEBP",
        source: "recorded at api.openai.com, 2026-03-31: github.com/traceloop/openllmetry, test_vision/test_vision_base64.yaml",
        check: no_image,
    },
    Rule {
        name: "image-download",
        refuses: "an image's URL that cannot be fetched; the simulator fetches nothing and takes only .invalid hosts for such",
        source: "recorded at api.openai.com, 2026-03-31: github.com/traceloop/openllmetry, test_vision/test_vision.yaml; RFC 2606 for the name",
        check: no_download,
    },
    Rule {
        name: "file-type",
        refuses: "a file whose data is not a PDF as a data URL",
        source: "OpenAI guide, File inputs: Chat Completions takes PDF files as Base64 data URLs",
        check: no_pdf,
    },
];

fn no_url(asked: &Asked<'_>) -> Option<Complaint> {
    let lacks = |part: &Value| given(part, "image_url").and_then(|image| given(image, "url")).is_none();
    let (path, _) = content::parts(asked).find(|(_, part)| is(part, "type", "image_url") && lacks(part))?;
    Complaint::missing(format!("{path}.image_url.url"))
}

fn bad_url(asked: &Asked<'_>) -> Option<Complaint> {
    let is_url = |url: &str| ["https://", "http://", "data:"].iter().any(|scheme| url.starts_with(scheme));
    let (path, _) = images(asked).find(|(_, url)| !is_url(url))?;
    let message = format!("Invalid '{path}'. Expected a valid URL, but got a value with an invalid format.");
    Complaint::new(path, "invalid_value", message)
}

fn no_image_type(asked: &Asked<'_>) -> Option<Complaint> {
    data_urls(asked).find(|(_, kind, _)| !kind.starts_with("image/")).and_then(|(path, kind, _)| {
        let message = format!("{}unsupported MIME type '{kind}'.", expected_image(&path));
        Complaint::new(path, "invalid_value", message)
    })
}

fn no_base64(asked: &Asked<'_>) -> Option<Complaint> {
    let (path, ..) = data_urls(asked).find(|(.., data)| image::decode(data).is_none())?;
    let message = format!("{}an invalid base64-encoded value.", expected_image(&path));
    Complaint::new(path, "invalid_value", message)
}

fn no_image(asked: &Asked<'_>) -> Option<Complaint> {
    let is_image = |data: &str| image::decode(data).is_some_and(|bytes| image::media_type(&bytes).is_some());
    data_urls(asked).find(|(.., data)| !is_image(data))?;
    Complaint::coded(
        "invalid_image_format",
        "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
    )
}

fn no_download(asked: &Asked<'_>) -> Option<Complaint> {
    let host = |url: &str| {
        let rest = url.split_once("://")?.1;
        let end = rest.find(['/', ':', '?', '#']).unwrap_or(rest.len());
        rest.get(..end).map(String::from)
    };
    let (_, url) = images(asked).find(|(_, url)| host(url).is_some_and(|host| host.ends_with(".invalid")))?;
    Complaint::coded("invalid_image_url", format!("Error while downloading {url}."))
}

fn no_pdf(asked: &Asked<'_>) -> Option<Complaint> {
    content::parts(asked).filter(|(_, part)| is(part, "type", "file")).find_map(|(path, part)| {
        let data = part.get("file")?.get("file_data")?.as_str()?;
        let kind = image::data_url(data).map(|(kind, _)| kind);
        if kind == Some("application/pdf") {
            return None;
        }
        let param = format!("{path}.file.file_data");
        let got = kind.map_or_else(
            || String::from("a value without the 'data:' prefix"),
            |kind| format!("unsupported MIME type '{kind}'"),
        );
        let message = format!(
            "Invalid file data: '{param}'. Expected a base64-encoded data URL with an application/pdf MIME type (e.g. 'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ=='), but got {got}."
        );
        Complaint::new(param, "invalid_value", message)
    })
}

fn expected_image(path: &str) -> String {
    format!(
        "Invalid '{path}'. Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got "
    )
}

/// The URLs of images, and the paths to them.
fn images<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r str)> {
    let parts = content::parts(asked).filter(|(_, part)| is(part, "type", "image_url"));
    parts.filter_map(|(path, part)| {
        Some((format!("{path}.image_url.url"), text(part.get("image_url")?, "url")))
    })
}

/// The paths to data URLs of images, their media types and their data.
fn data_urls<'r>(asked: &Asked<'r>) -> impl Iterator<Item = (String, &'r str, &'r str)> {
    images(asked).filter_map(|(path, url)| {
        let (kind, data) = image::data_url(url)?;
        Some((path, kind, data))
    })
}
