//! TLS with the provider's own settings: nothing is installed for the whole process.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::ConfigError;

/// TLS 1.2 and 1.3, trusting `pem`, or Mozilla's roots where there is none.
pub(crate) fn client_config(pem: Option<&[u8]>) -> Result<ClientConfig, ConfigError> {
    let wrong = |problem: String| ConfigError::new("root_certificates", problem);
    let mut roots = RootCertStore::empty();
    if let Some(pem) = pem {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| wrong(format!("this is not PEM: {error}")))?;
            roots
                .add(certificate)
                .map_err(|error| wrong(format!("a certificate cannot be used: {error}")))?;
        }
        if roots.is_empty() {
            return Err(wrong("there is no certificate in it: give at least one in PEM".into()));
        }
    } else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(format!("TLS cannot be set up: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_are_none_are_an_error() {
        assert!(client_config(None).is_ok());
        let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        for (bad, what) in [("", "no certificate"), (broken, "not PEM"), (empty, "cannot be used")] {
            let error = client_config(Some(bad.as_bytes())).expect_err(what);
            assert!(error.to_string().contains(what), "{error}");
            assert_eq!(error.setting(), "root_certificates");
        }
    }
}
