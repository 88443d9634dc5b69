//! A struct of optional numbers and the table of the kernel's keys for them, written once.

/// Declares a struct whose fields are `Option<u64>`, each with the key under which the kernel prints it.
macro_rules! kernel_table {
    ($(#[$doc:meta])* $name:ident { $($key:literal => $field:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name { $(#[doc = concat!("`", $key, "`.")] pub $field: Option<u64>,)* }

        impl $name {
            /// The kernel's keys, in the order of the fields.
            pub const KEYS: &'static [&'static str] = &[$($key),*];

            /// Where the value of a kernel key belongs; `None` for a key that is not read.
            pub fn slot(&mut self, key: &str) -> Option<&mut Option<u64>> {
                match key {
                    $($key => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}
