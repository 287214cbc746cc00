//! What is stored of one execution: its record and its pages.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use asl::machine::{NotRedrivable, Redrives};
use engine::memory::Kept;
use engine::ports::{PageId, Snapshot, Store as _};
use engine::progress::Progress;
use engine::record::{self, Checkpoint, Page};
use faults::World;
use faults::life::paused_runtime;
use faults::workflow::start;
use faults::world::key;
use serde::{Deserialize, Serialize};

/// What a store has of an execution.
#[derive(Serialize, Deserialize)]
pub struct Fixture {
    pub record: String,
    pub pages: Vec<StoredPage>,
}

#[derive(Serialize, Deserialize)]
pub struct StoredPage {
    pub id: PageId,
    pub data: Arc<str>,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Fixture {
    /// What is kept now.
    pub fn of(kept: &Kept) -> Self {
        let page = |(id, data): (&PageId, &Arc<str>)| StoredPage {
            id: id.clone(),
            data: data.clone(),
        };
        Self {
            record: kept.snapshot.as_ref().unwrap().record.to_string(),
            pages: kept.pages.iter().map(page).collect(),
        }
    }

    /// The fixtures of a folder, by name.
    pub fn read_all(folder: &Path) -> BTreeMap<String, Self> {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        let read = |file: std::path::PathBuf| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&file).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        };
        files.map(read).collect()
    }

    pub fn write(&self, folder: &Path, name: &str) {
        fs::create_dir_all(folder).unwrap();
        let text = serde_json::to_string_pretty(self).unwrap() + "\n";
        fs::write(folder.join(name).with_extension("json"), text).unwrap();
    }

    /// The record's format and that of the checkpoint in it, such as `1.1`.
    pub fn format(&self) -> String {
        let FormatOnly { format } = serde_json::from_slice(&self.checkpoint()).unwrap();
        let record = self.record.split('.').next().unwrap();
        format!("{record}.{format}")
    }

    /// The interpreter's state.
    pub fn checkpoint(&self) -> Vec<u8> {
        match record::decode(&self.record).unwrap().checkpoint {
            Checkpoint::None => panic!("there is nothing to continue"),
            Checkpoint::Inline(bytes) => bytes,
            Checkpoint::Paged(parts) => self.join(&parts),
        }
    }

    /// What is in these pages together.
    pub fn join(&self, pages: &[PageId]) -> Vec<u8> {
        record::join_pages(pages.iter().map(|id| self.page(id))).unwrap()
    }

    fn page(&self, id: &PageId) -> &str {
        let page = self.pages.iter().find(|page| page.id == *id);
        &page.unwrap().data
    }

    /// Puts it into a world's store.
    pub fn store_in(&self, world: &World) {
        let after = world.store.create(key());
        let snapshot = Snapshot {
            record: self.record.as_str().into(),
            progress: Progress {
                outcome: None,
                started: start(),
                stopped: None,
                current_states: Vec::new(),
                current_state_count: 0,
                activities: Vec::new(),
                input_bytes: 0,
                tasks: Vec::new(),
                history_length: 0,
                redrives: Redrives::default(),
                redrivable: Err(NotRedrivable::Running),
            },
        };
        paused_runtime().block_on(async {
            for StoredPage { id, data } in &self.pages {
                let (id, data) = (id.clone(), data.clone());
                world
                    .store
                    .save_page(&key(), &Page { id, data })
                    .await
                    .unwrap();
            }
            world.store.save(&key(), &snapshot, &after).await.unwrap();
        });
    }
}
