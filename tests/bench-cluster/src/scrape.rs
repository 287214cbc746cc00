//! Metrics, as a Prometheus scrape has them.

/// One scrape.
pub struct Scrape(String);

impl Scrape {
    /// A scrape's text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The sum over all series of this name whose labels have all of `labels`, each written as
    /// in the scrape: `resource="jobs"`. Zero where there is none.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        self.0
            .lines()
            .filter_map(|line| line.strip_prefix(name))
            .filter(|rest| rest.starts_with([' ', '{']))
            .filter(|rest| labels.iter().all(|label| rest.contains(label)))
            .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Scrape;

    #[test]
    fn series_of_one_name_are_summed_by_label() {
        let text = "# TYPE a counter\na{verb=\"POST\",resource=\"x\"} 2\na{verb=\"PUT\",resource=\"x\"} 3.5\nab 7\na 1\n";
        let scrape = Scrape::new(text.to_owned());
        assert_eq!(scrape.sum("a", &[]), 6.5);
        assert_eq!(scrape.sum("a", &["resource=\"x\"", "verb=\"PUT\""]), 3.5);
        assert_eq!(scrape.sum("absent", &[]), 0.0);
    }
}
