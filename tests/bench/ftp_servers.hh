// SPDX-License-Identifier: ISC
// The FTP servers that are measured and the folder that they serve.
#pragma once

#include "tests/bench/samples.hh"
#include "tests/bench/server.hh"
#include "tests/bench/setting.hh"

#include <memory>
#include <string>
#include <vector>

namespace bench {

inline constexpr std::size_t large_file = std::size_t{1} << 30;
inline constexpr unsigned listed_files = 20'000;

// What all of them serve, below the scratch folder: `small' (1 KiB), `large' (1 GiB), `many' (a folder of
// 20,000 files) and `in', where everybody may write.
struct FtpFiles {
    explicit FtpFiles(const Setting& setting);
    void clear_uploads() const;

    std::string root, large, uploads;
};

struct FtpServer {
    std::string subject;
    std::unique_ptr<Server> server;
    std::uint16_t port() const { return server->port(); }
};

// All that can be started; the others are named in the log.
std::vector<FtpServer> start_ftp_servers(const Setting& setting, const FtpFiles& files);
// One of bench-floor's loops.
FtpServer start_floor(const Setting& setting, std::string subject, const std::string& kind,
                      const std::string& file = {});

} // namespace bench
