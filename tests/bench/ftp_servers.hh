// SPDX-License-Identifier: ISC
// The FTP servers that are measured and the folder that they serve.
#pragma once

#include "tests/bench/lineup.hh"
#include "tests/bench/setting.hh"

#include <string>
#include <string_view>

namespace bench {

inline constexpr std::size_t large_file = std::size_t{1} << 30;
inline constexpr unsigned listed_files = 20'000;

// What all of them serve, below the scratch folder: `small' (1 KiB), `large' (1 GiB), `many' (a folder of
// 20,000 files) and `in', where everybody may write.
struct FtpFiles {
    explicit FtpFiles(const Setting& setting);
    void clear_uploads() const;
    // The same, after as much was written as a large upload has: a virtual machine may have to get free
    // memory from its host first, which can take longer than the upload, and would be counted for whoever
    // comes next.
    void warm_memory() const;

    std::string root, large, uploads;
};

// Made by openssl(1), of P-256, for localhost; both: the two in one file.
struct Certificate {
    std::string certificate, key, both;
};
Certificate make_certificate(const Setting& setting);

// pure-ftpd lets nobody who is anonymous replace a file, or set its time.
inline constexpr std::string_view pure_ftpd_user = "bench";

// Those that can be started.
Lineup start_ftp_servers(const Setting& setting, const FtpFiles& files);
// The same with TLS and one certificate for all, of P-256: those that have it.
Lineup start_ftp_tls_servers(const Setting& setting, const FtpFiles& files);

} // namespace bench
