//! Memory, swap and paging.

kernel_table! {
    /// /proc/meminfo in bytes; the `HugePages_*` rows are numbers of pages.
    Memory {
        "MemTotal" => mem_total,
        "MemFree" => mem_free,
        "MemAvailable" => mem_available,
        "Buffers" => buffers,
        "Cached" => cached,
        "SwapCached" => swap_cached,
        "Active" => active,
        "Inactive" => inactive,
        "Active(anon)" => active_anon,
        "Inactive(anon)" => inactive_anon,
        "Active(file)" => active_file,
        "Inactive(file)" => inactive_file,
        "Unevictable" => unevictable,
        "Mlocked" => mlocked,
        "HighTotal" => high_total,
        "HighFree" => high_free,
        "LowTotal" => low_total,
        "LowFree" => low_free,
        "SwapTotal" => swap_total,
        "SwapFree" => swap_free,
        "Zswap" => zswap,
        "Zswapped" => zswapped,
        "Dirty" => dirty,
        "Writeback" => writeback,
        "AnonPages" => anon_pages,
        "Mapped" => mapped,
        "Shmem" => shmem,
        "KReclaimable" => k_reclaimable,
        "Slab" => slab,
        "SReclaimable" => s_reclaimable,
        "SUnreclaim" => s_unreclaim,
        "KernelStack" => kernel_stack,
        "PageTables" => page_tables,
        "SecPageTables" => sec_page_tables,
        "NFS_Unstable" => nfs_unstable,
        "Bounce" => bounce,
        "WritebackTmp" => writeback_tmp,
        "CommitLimit" => commit_limit,
        "Committed_AS" => committed_as,
        "VmallocTotal" => vmalloc_total,
        "VmallocUsed" => vmalloc_used,
        "VmallocChunk" => vmalloc_chunk,
        "Percpu" => percpu,
        "HardwareCorrupted" => hardware_corrupted,
        "AnonHugePages" => anon_huge_pages,
        "ShmemHugePages" => shmem_huge_pages,
        "ShmemPmdMapped" => shmem_pmd_mapped,
        "FileHugePages" => file_huge_pages,
        "FilePmdMapped" => file_pmd_mapped,
        "CmaTotal" => cma_total,
        "CmaFree" => cma_free,
        "HugePages_Total" => huge_pages_total,
        "HugePages_Free" => huge_pages_free,
        "HugePages_Rsvd" => huge_pages_rsvd,
        "HugePages_Surp" => huge_pages_surp,
        "Hugepagesize" => huge_page_size,
        "Hugetlb" => hugetlb,
        "DirectMap4k" => direct_map_4k,
        "DirectMap2M" => direct_map_2m,
        "DirectMap1G" => direct_map_1g,
    }
}

impl Memory {
    /// The page cache with the slabs that the kernel gives back on demand.
    pub fn cached_with_slab(&self) -> Option<u64> {
        Some(self.cached? + self.s_reclaimable.unwrap_or(0))
    }

    /// Total without free memory, buffers and cache: what Telegraf calls used.
    /// Source: gopsutil `mem/mem_linux.go`. Releases of 2025 and later take total - available instead.
    pub fn used(&self) -> Option<u64> {
        let idle = self.mem_free?.saturating_add(self.buffers?).saturating_add(self.cached_with_slab()?);
        Some(self.mem_total?.saturating_sub(idle))
    }

    /// MemAvailable, or free + buffers + cache on kernels before 3.14, as gopsutil does.
    pub fn available(&self) -> Option<u64> {
        self.mem_available.or_else(|| {
            Some(self.mem_free?.saturating_add(self.buffers?).saturating_add(self.cached_with_slab()?))
        })
    }

    pub fn swap_used(&self) -> Option<u64> {
        Some(self.swap_total?.saturating_sub(self.swap_free?))
    }
}

kernel_table! {
    /// The rows of /proc/vmstat that are exported. `pgpgin` and `pgpgout` are KiB, the others pages or events.
    VmStat {
        "pgpgin" => pgpgin,
        "pgpgout" => pgpgout,
        "pswpin" => pswpin,
        "pswpout" => pswpout,
        "pgfault" => pgfault,
        "pgmajfault" => pgmajfault,
        "oom_kill" => oom_kill,
    }
}
