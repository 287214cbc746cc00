//! How much of everything.

/// How much of everything is measured.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Requests of each kind by plain clients.
    pub requests: usize,
    /// Jobs by plain clients, and executions with one Job.
    pub jobs: usize,
    /// Executions without a Job, all created at once.
    pub executions: usize,
    /// Executions of several Jobs in sequence.
    pub sequences: usize,
    /// Executions that wait.
    pub waiting: usize,
    /// Seconds for which those that wait are watched at rest.
    pub rest_seconds: u64,
    /// Items of the Map over Jobs.
    pub job_items: usize,
    /// Items of the Map over a Pass state.
    pub pass_items: usize,
    /// How many executions at once, and how often, for growth.
    pub growth: [(usize, usize); 3],
}

/// What the figures come from.
pub const FULL: Sizes = Sizes {
    requests: 2_000,
    jobs: 1_000,
    executions: 2_000,
    sequences: 50,
    waiting: 10_000,
    rest_seconds: 30,
    job_items: 1_000,
    pass_items: 10_000,
    growth: [(100, 10), (1_000, 3), (10_000, 1)],
};

/// Whether it works.
pub const QUICK: Sizes = Sizes {
    requests: 40,
    jobs: 10,
    executions: 40,
    sequences: 2,
    waiting: 100,
    rest_seconds: 3,
    job_items: 50,
    pass_items: 100,
    growth: [(10, 2), (20, 1), (40, 1)],
};
