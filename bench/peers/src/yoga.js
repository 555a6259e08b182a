// GraphQL Yoga with its JIT plugin; parsed and validated documents are cached by Yoga itself.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { useGraphQlJit } from '@envelop/graphql-jit'
import { createSchema, createYoga } from 'graphql-yoga'
import { contextOf } from './context.js'
import { resolvers } from './resolvers.js'

const yoga = createYoga({
  schema: createSchema({
    typeDefs: readFileSync(new URL('schema.graphql', import.meta.url), 'utf8'),
    resolvers,
  }),
  context: ({ request }) => contextOf(request.headers.get('authorization')),
  plugins: [useGraphQlJit()],
  graphiql: false,
  landingPage: false,
  logging: false,
})
createServer(yoga).listen(Number(process.env.PORT), '127.0.0.1')
