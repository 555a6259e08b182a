// Apollo Server 5, by itself, as its documentation's first page has it.
import { readFileSync } from 'node:fs'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { contextOf } from './context.js'
import { resolvers } from './resolvers.js'

const server = new ApolloServer({
  typeDefs: readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'),
  resolvers,
})
await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(process.env.PORT) },
  context: ({ req }) => contextOf(req.headers.authorization),
})
