//! The certificate authority of a connection, as EKS writes it: Base64 of PEM text.

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How many characters of Base64 stand on a line of PEM (RFC 7468).
const LINE: usize = 64;

/// The authority that a connection trusts; empty where it trusts those of the system.
///
/// # Errors
/// The connection names a file that cannot be read.
pub fn of(connection: &kube::Config) -> anyhow::Result<String> {
    if let Some(file) = &connection.root_cert_file {
        let pem = std::fs::read(file)
            .with_context(|| format!("cannot read the certificate authority {}", file.display()))?;
        return Ok(STANDARD.encode(pem));
    }
    let certificates = connection.root_cert.iter().flatten();
    let pem: String = certificates.map(|der| pem(der)).collect();
    Ok(STANDARD.encode(pem))
}

fn pem(der: &[u8]) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for (at, letter) in STANDARD.encode(der).chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::pem;

    #[test]
    fn a_certificate_is_written_in_lines_of_64() {
        let text = pem(&[0; 96]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!([lines[1].len(), lines[2].len()], [64, 64]);
    }
}
