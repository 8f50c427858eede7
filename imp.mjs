for (const m of process.argv.slice(2)) { const t=process.cpuUsage().user; await import(m); console.log(m, ((process.cpuUsage().user-t)/1000).toFixed(0),'ms cpu') }
process.exit()
